"""Bring submissions in: from a folder or zip of a learning platform to submitted/STUDENT/ASSIGNMENT.

Files are first staged under .grading of the course root, then moved in one step each, so that an interruption
leaves every submission whole: the old one or the new one.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from course_lib.grading import archive
from course_lib.grading.archive import Entry, Refused
from course_lib.grading.course import Course, CourseError
from course_lib.grading.lms import METADATA, METADATA_LIMIT, Sender, gradescope, parse_time, senders
from course_lib.grading.roster import Roster, safe_id
from course_lib.grading.rubric import Rubric, RubricError
from course_lib.grading.submission import BESIDE_LIMIT, Unreadable, read_cells, same_file

STAMP = "timestamp.txt"


@dataclass
class Candidate:
    """A staged file that may become a student's submission."""

    student: str
    entry: Entry
    sender: Sender
    path: Path
    cells: int  # how many of the assignment's cells it holds
    named: bool  # whether it bears the assignment's name
    beside: Path | None = None  # the file that was handed in with it, where the assignment asks for one

    @property
    def rank(self) -> tuple:
        """Larger for the one to take: any cells of the assignment, then the newest, then by name."""
        time = self.sender.time or datetime.min.replace(tzinfo=UTC)
        modified = self.entry.modified or datetime.min
        return self.cells > 0, time, self.sender.order, modified, self.named, self.entry.name


@dataclass
class Taken:
    """One line of the table: a student's submission, and what became of it."""

    student: str
    action: str  # new, replaced, unchanged, or kept: what is here is newer
    file: str
    platform: str
    name: str = ""
    time: str = ""
    late: bool | None = None
    others: list[str] = field(default_factory=list)
    note: str = ""


@dataclass
class Collection:
    """What `collect` did."""

    assignment: str
    taken: list[Taken] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # path, reason
    unknown: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> dict:
        """For machines."""
        named = {
            key: [{"file": file, "reason": reason} for file, reason in getattr(self, key)]
            for key in ("refused", "unknown")
        }
        return {"assignment": self.assignment, "taken": [asdict(row) for row in self.taken], **named}


def collect(
    course: Course, assignment: str, source: Path, roster: Roster | None = None, *, dry_run: bool = False
) -> Collection:
    """Take a class's submissions of one assignment out of a folder or zip.

    Parameters
    ----------
    course : Course
        Where to.
    assignment : str
        Which assignment; files of another one are named and left.
    source : Path
        A folder or a zip archive as Moodle, Canvas, Gradescope or nbgrader's exchange lay it out.
    roster : Roster, optional
        Ties the platform's numbers and names to student ids; given, nobody else is taken.
    dry_run : bool, default False
        Only say what would be done.

    Returns
    -------
    Collection
        Everything that was seen is in it, taken or not.

    Raises
    ------
    CourseError
        If the assignment or the source does not exist.
    """
    try:
        rubric = course.rubric(assignment)
    except RubricError as error:
        raise CourseError(str(error)) from None
    result = Collection(assignment)
    base = course.root / ".grading"
    base.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="collect-", dir=base) as stage:
        found = _stage(source, rubric, roster or Roster(), Path(stage), result)
        for student in sorted(found):
            result.taken.append(_take(course, assignment, found[student], Path(stage), dry_run))
    if not dry_run:
        _register(course, assignment, found, roster or Roster())
    return result


def _stage(
    source: Path, rubric: Rubric, roster: Roster, stage: Path, result: Collection
) -> dict[str, list[Candidate]]:
    """Copy every notebook that somebody handed in to the stage."""
    listed = list(archive.entries(source))
    metadata, stamps = _side_files(listed, result)
    found: dict[str, list[Candidate]] = {}
    beside: dict[str, list[Candidate]] = {}
    room = archive.TOTAL_LIMIT
    for number, (entry, people) in enumerate(_claimed(listed, metadata, rubric, result)):
        weights = not _is_notebook(entry)
        try:
            data = entry.read(min(BESIDE_LIMIT if weights else archive.FILE_LIMIT, room))
        except Refused as error:
            result.refused.append((entry.name, str(error) if room > 0 else "the archive is too large"))
            continue
        room -= len(data)
        path = stage / f"{number}.{'npz' if weights else 'ipynb'}"
        path.write_bytes(data)
        for who in people:
            student = _student(who, roster)
            if not student:
                result.unknown.append((entry.name, _stranger(who, roster)))
                continue
            time = who.time or stamps.get(entry.parts[:-1])
            kept = beside if weights else found
            kept.setdefault(student, []).append(_candidate(student, entry, who, time, path, rubric))
    for student, files in beside.items():
        for candidate in found.get(student, []):
            candidate.beside = _beside(candidate, files)
        if student not in found:
            result.unknown.extend((file.entry.name, "no notebook came with it") for file in files)
    return found


def _is_notebook(entry: Entry) -> bool:
    return entry.name.lower().endswith(".ipynb")


def _beside(notebook: Candidate, files: list[Candidate]) -> Path | None:
    """The newest file that the student handed in together with a notebook: in the same folder."""
    together = [file for file in files if file.entry.parts[:-1] == notebook.entry.parts[:-1]]
    return max(together, key=lambda file: file.rank).path if together else None


def _side_files(listed: list[Entry], result: Collection) -> tuple[dict, dict]:
    """What lies beside the notebooks: Gradescope's metadata, and time stamps by folder."""
    metadata: dict[str, list[Sender]] = {}
    stamps = {}
    for entry in listed:
        try:
            if entry.parts and entry.parts[-1] == METADATA:
                metadata |= gradescope(entry.read(METADATA_LIMIT))
            elif entry.parts and entry.parts[-1] == STAMP:
                stamps[entry.parts[:-1]] = parse_time(entry.read(1000).decode("utf-8", "replace"))
        except (Refused, ValueError) as error:
            result.refused.append((entry.name, str(error)))
    return metadata, stamps


def _claimed(
    listed: list[Entry], metadata: dict, rubric: Rubric, result: Collection
) -> Iterator[tuple[Entry, list[Sender]]]:
    """The files of this assignment with who handed them in; all else is put on record."""
    suffixes = (".ipynb", Path(rubric.file).suffix) if rubric.file else (".ipynb",)
    for entry in listed:
        if entry.problem:
            result.refused.append((entry.name, entry.problem))
        elif not entry.parts or entry.parts[-1] in (METADATA, STAMP):
            continue
        elif not entry.name.lower().endswith(suffixes):
            result.unknown.append((entry.name, "it is not a notebook"))
        elif not (people := senders(entry.parts, metadata)):
            result.unknown.append((entry.name, "its name does not say whose it is"))
        elif people[0].assignment not in ("", rubric.assignment):
            result.unknown.append((entry.name, f"it belongs to {people[0].assignment}"))
        else:
            yield entry, people


def _student(who: Sender, roster: Roster) -> str:
    """The student's id; empty for somebody who is not in the list, or whose id can be no folder."""
    if roster.people:
        person = roster.find(who.id, who.email, who.name)
        return person.student_id if person else ""
    return who.id if safe_id(who.id) else ""


def _stranger(who: Sender, roster: Roster) -> str:
    name = ", ".join(filter(None, (who.name, who.id, who.email))) or "somebody without a name"
    return f"not in the class list: {name}" if roster.people else f"no student id can be made of: {name}"


def _candidate(
    student: str, entry: Entry, who: Sender, time: datetime | None, path: Path, rubric: Rubric
) -> Candidate:
    try:
        if not _is_notebook(entry):
            raise Unreadable("it holds no cells")
        cells = sum(rubric.find(cell.grade_id) is not None for cell in read_cells(path) if cell.grade_id)
    except Unreadable:
        cells = 0
    named = re.match(rf"{re.escape(rubric.assignment)}([ (-]+\d+\)?)?\.(ipynb|npz)$", who.file) is not None
    who = Sender(**{**who.__dict__, "time": time})
    return Candidate(student, entry, who, path, cells, named)


def _take(course: Course, assignment: str, found: list[Candidate], stage: Path, dry_run: bool) -> Taken:
    """Move the student's newest file into place."""
    *others, best = sorted(found, key=lambda c: c.rank)
    time = best.sender.time
    folder = course.root / "submitted" / best.student / assignment
    names = [c.entry.name for c in others if c.entry.name != best.entry.name] + [
        f"{c.entry.name} (an earlier one of that name)" for c in others if c.entry.name == best.entry.name
    ]
    row = Taken(best.student, "new", best.entry.name, best.sender.platform, best.sender.name)
    row.time, row.late, row.others = _text(time), best.sender.late, names
    row.note = "" if best.cells else "none of the assignment's cells are in it"
    for part in (folder, folder.parent):
        if part.is_symlink() or (part.exists() and not part.is_dir()):
            row.action, row.note = "kept", f"{part.name} here is a link or no folder; look at it"
            return row
    notebook = folder / f"{_notebook_name(course, assignment)}"
    name = course.rubric(assignment).file
    beside = folder / name if name else None
    if beside and not best.beside and best.cells:
        row.note = f"{name} did not come with it"
    row.action = _action(notebook, best.path, folder / STAMP, time)
    if row.action == "unchanged" and beside and not same_file(beside, best.beside):
        row.action = "replaced"
    if row.action in ("new", "replaced") and not dry_run:
        _place(best, folder, notebook, stage, beside)
    return row


def _notebook_name(course: Course, assignment: str) -> str:
    return next((course.root / "source" / assignment).glob("*.ipynb")).name


def _text(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S.%f UTC") if time else ""


def _action(notebook: Path, incoming: Path, stamp: Path, time: datetime | None) -> str:
    here = parse_time(stamp.read_text(errors="replace")) if stamp.is_file() else None
    if not os.path.lexists(notebook):
        return "new"
    if notebook.is_symlink() or not notebook.is_file():
        return "replaced"
    if here and time and here > time:
        return "kept"
    return "unchanged" if here == time and notebook.read_bytes() == incoming.read_bytes() else "replaced"


def _place(best: Candidate, folder: Path, notebook: Path, stage: Path, beside: Path | None) -> None:
    """Put notebook, the file beside it and time stamp in place, each whole or not at all."""
    ready = stage / "ready"
    ready.mkdir()
    shutil.copyfile(best.path, ready / notebook.name)
    stamp = _text(best.sender.time)
    if stamp:
        (ready / STAMP).write_text(stamp + "\n")
    if beside and best.beside:
        shutil.copyfile(best.beside, ready / beside.name)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        ready.rename(folder)
        return
    for path in (notebook, beside):
        if path and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
    if beside:
        beside.unlink(missing_ok=True)  # no weights are better than those of another notebook
        if best.beside:
            (ready / beside.name).replace(beside)
    (folder / STAMP).unlink(missing_ok=True)  # no time is better than one of another file
    (ready / notebook.name).replace(notebook)
    if stamp:
        (ready / STAMP).replace(folder / STAMP)
    shutil.rmtree(ready)


def _register(course: Course, assignment: str, found: dict, roster: Roster) -> None:
    """Note names, addresses and the platform's numbers in the gradebook, where it has none yet."""
    with course.api().gradebook as gradebook:
        known = {student.id: student for student in gradebook.students}
        for student, candidates in found.items():
            who = candidates[-1].sender
            person = roster.find(student)
            facts = {
                "email": who.email,
                "lms_user_id": who.id if who.platform in ("canvas", "moodle") else "",
            }
            if person:
                facts |= {"first_name": person.first_name, "last_name": person.last_name}
                facts |= {"email": person.email or who.email}
            elif who.platform != "canvas":
                facts |= {"last_name": who.name}
            there = known.get(student)
            new = {k: v for k, v in facts.items() if v and not (there and getattr(there, k))}
            if new or there is None:
                gradebook.update_or_create_student(student, **new)
