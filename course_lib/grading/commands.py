"""What the `course` commands do, without the printing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course_lib.grading import checks
from course_lib.grading.course import Course, CourseError, outcome
from course_lib.grading.rubric import Rubric, RubricError
from course_lib.grading.scoring import Report, failed, score
from course_lib.grading.submission import load


def validate(rubric: Rubric) -> None:
    """Refuse an assignment whose cells run checks that do not exist.

    Raises
    ------
    CourseError
        With the names of the checks.
    """
    try:
        known = checks.load(rubric.assignment)
    except KeyError as error:
        raise CourseError(f"{rubric.assignment} has no checks: {error.args[0]}") from None
    unknown = sorted({call.name for cell in rubric.cells for call in cell.calls} - known.keys())
    if unknown:
        raise CourseError(f"{rubric.assignment} runs checks that do not exist: {', '.join(unknown)}")


def release(course: Course, assignment: str) -> Path:
    """Generate the students' version and register the assignment in the gradebook.

    Returns
    -------
    Path
        The notebook to hand out.
    """
    rubric = _rubric(course, assignment)
    validate(rubric)
    outcome(course.api().generate_assignment(assignment), f"releasing {assignment}")
    return next((course.root / "release" / assignment).glob("*.ipynb"))


def _rubric(course: Course, assignment: str) -> Rubric:
    try:
        return course.rubric(assignment)
    except RubricError as error:
        raise CourseError(str(error)) from None


def check(
    course: Course, assignment: str, notebook: Path, *, seed: int | None = None, unsafe: bool = False
) -> Report:
    """Grade one file exactly as the autograder does, without touching a gradebook."""
    rubric = _rubric(course, assignment)
    validate(rubric)
    submission = load(Path(notebook), rubric)
    if submission.problem:
        return failed(rubric, seed or 0, "unreadable", submission.problem)
    return score(submission, rubric, seed=seed, limits=course.limits, unsafe=unsafe)


def feedback(course: Course, assignment: str) -> Iterator[tuple[str, str]]:
    """Write every graded student's feedback; yields each student and why it failed, or an empty string."""
    students = course.graded(assignment)
    if not students:
        raise CourseError(f"nothing of {assignment} has been autograded; run: course autograde {assignment}")
    api = course.api()
    for student in students:
        try:
            outcome(api.generate_feedback(assignment, student), f"feedback for {student}")
        except CourseError as error:
            yield student, str(error)
        else:
            yield student, ""
