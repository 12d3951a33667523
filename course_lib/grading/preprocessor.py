"""nbgrader's autograder with the score taken from outside; configured in nbgrader_config.py.

nbgrader reads a submission twice. The first time `SubmissionExporter` puts it into the instructor's form,
whatever it is. The second time `ScoreOutside` stands where nbgrader would run the notebook in a kernel: it
has the submission scored in the jail and writes score, message and outputs into the cells; `SaveScores` then
takes them into the gradebook like nbgrader does, and marks what a person should look at.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import v4
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task, parse_utc
from traitlets import Bool, Dict, Integer, Unicode

from course_lib.grading.limits import Limits
from course_lib.grading.rubric import Rubric, read_rubric
from course_lib.grading.scoring import Report, score
from course_lib.grading.submission import Submission, digest, load

KEY = "course"  # where notebook metadata carries what the first reading found


def _coursedir(part: Any) -> Any:
    """nbgrader's CourseDirectory, which the converter at the end of the chain of parents holds."""
    while part is not None and getattr(part, "coursedir", None) is None:
        part = part.parent
    if part is None:
        raise RuntimeError("this runs as a part of `nbgrader autograde` only")
    return part.coursedir


class SubmissionExporter(NotebookExporter):
    """Reads any file at all as a submission of its assignment."""

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> Any:
        """Read, rebuild and convert; nbgrader's own second reading is left to nbconvert."""
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources=resources, **options)
        rubric = read_rubric(_coursedir(self).root, resources["nbgrader"]["assignment"])
        submission = load(Path(filename), rubric)
        resources["metadata"] = {"name": Path(filename).stem, "path": os.path.dirname(filename)}
        return self.from_notebook_node(pack(submission), resources=resources, **options)


def quarantine(assignment: str, student: str, notebooks: list[str]) -> None:
    """Before nbgrader copies a submission's other files: drop what is no file, put aside a broken time stamp.

    nbgrader would follow links out of the folder, wait for ever at a pipe, and give up at an odd time.
    """
    for folder in {Path(notebook).parent for notebook in notebooks}:
        for path in folder.rglob("*"):
            if path.suffix != ".ipynb" and (path.is_symlink() or not (path.is_file() or path.is_dir())):
                path.unlink()
        stamp = folder / "timestamp.txt"
        if stamp.is_file():
            try:
                parse_utc(stamp.read_text()[:200].strip())
            except Exception:
                stamp.replace(stamp.with_suffix(".unreadable"))


def pack(submission: Submission) -> Any:
    """The notebook, carrying what is known about the submission in its metadata."""
    notebook = submission.notebook
    notebook.metadata[KEY] = {
        **notebook.metadata.get(KEY, {}),
        "missing": submission.missing,
        "notes": submission.notes,
        "problem": submission.problem,
    }
    if submission.file is not None:
        notebook.metadata[KEY]["beside"] = base64.b64encode(submission.file).decode()
    return notebook


def unpack(notebook: Any) -> Submission:
    """The submission that `pack` put into a notebook."""
    carried = notebook.metadata.get(KEY, {})
    fields = {
        name: carried.get(name, empty) for name, empty in (("missing", []), ("notes", []), ("problem", ""))
    }
    beside = carried.get("beside")
    return Submission(notebook, **fields, file=None if beside is None else base64.b64decode(beside))


class ScoreOutside(NbGraderPreprocessor):
    """Scores the notebook from outside and writes the result into its cells."""

    unsafe_no_jail = Bool(False, help="Run submissions without a jail").tag(config=True)
    seed = Integer(-1, help="Seed of the hidden cases; -1 draws a new one").tag(config=True)
    limits = Dict({}, help="Values of course_lib.grading.limits.Limits that differ").tag(config=True)
    results = Unicode("", help="Folder of reports scored beforehand, by digest").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Score the notebook; the report travels in the resources."""
        rubric = read_rubric(_coursedir(self).root, resources["nbgrader"]["assignment"])
        submission = unpack(nb)
        report = self._stored(digest(submission, rubric)) or self._score(submission, rubric)
        write_report(nb, report)
        resources[KEY] = {cell.id: cell for cell in report.cells}
        for note in report.notes:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], note)
        return nb, resources

    def _score(self, submission: Submission, rubric: Rubric) -> Report:
        seed = None if self.seed < 0 else self.seed
        report = score(
            submission, rubric, seed=seed, limits=Limits(**self.limits), unsafe=self.unsafe_no_jail
        )
        self.log.info("Scored %g of %g with seed %d", report.score, report.max_score, report.seed)
        return report

    def _stored(self, key: str) -> Report | None:
        path = Path(self.results) / f"{key}.json"
        if not self.results or not path.is_file():
            return None
        return Report.from_dict(json.loads(path.read_text()))


def write_report(notebook: Any, report: Report) -> None:
    """Write outputs, messages and scores into the cells, in the form in which nbgrader reads a score.

    nbgrader counts no output as full marks and any error output as none, so every checked cell gets exactly
    one `execute_result` that holds its points.
    """
    scores = {cell.id: cell for cell in report.cells}
    count = 0
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        verdict = scores.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        cell.metadata.pop(KEY, None)
        if verdict is None or verdict.status == "manual":
            cell.outputs = [_output(output, count) for output in report.outputs.get(str(index), [])]
            continue
        points = min(verdict.score, float(cell.metadata.nbgrader.points))
        cell.metadata[KEY] = verdict.as_dict()
        cell.outputs = [v4.new_output("stream", name="stdout", text=verdict.message.rstrip() + "\n")]
        result = {"text/plain": f"{points:g}"}
        cell.outputs.append(v4.new_output("execute_result", data=result, execution_count=count))


def _output(output: dict, count: int) -> Any:
    kinds = {k: v for k, v in output.items() if k != "output_type"}
    return v4.new_output(output["output_type"], **kinds)


class SaveScores(NbGraderPreprocessor):
    """Saves scores and comments like nbgrader's SaveAutoGrades, all of a notebook's at once or none.

    Points given by hand are kept and marked for another look, and so is what the grader has flagged.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the scores, then drop what only this run needed."""
        verdicts, where = resources.get(KEY, {}), resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            entry = gradebook.find_submission_notebook(
                where["notebook"], where["assignment"], where["student"]
            )
            grades, comments = (
                {item.name: item for item in items} for items in (entry.grades, entry.comments)
            )
            for cell in nb.cells:
                grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
                if is_grade(cell):
                    self._save_score(cell, grades[grade_id], verdicts.get(grade_id))
                if is_solution(cell) or is_task(cell):
                    untouched = not is_task(cell) and cell.metadata.nbgrader.checksum == compute_checksum(
                        cell
                    )
                    comments[grade_id].auto_comment = "No response." if untouched else None
            gradebook.db.commit()
        nb.metadata.pop(KEY, None)
        return nb, resources

    def _save_score(self, cell: Any, grade: Any, verdict: Any) -> None:
        grade.auto_score, _ = determine_grade(cell, self.log)
        flagged = verdict is not None and verdict.flagged
        grade.needs_manual_grade = flagged or grade.manual_score is not None or grade.auto_score is None
