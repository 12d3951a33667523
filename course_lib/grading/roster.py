"""The class list that ties a learning platform's numbers and names to the ids of the gradebook."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.grading.course import CourseError

# The header's words, whoever wrote it: one's own list, Canvas's gradebook, Moodle's grading worksheet.
HEADERS = {
    "student_id": ("student_id", "student id", "sis login id", "id number", "username"),
    "lms_id": ("lms_id", "lms_user_id", "id", "identifier"),
    "email": ("email", "email address"),
    "last_name": ("last_name", "last name", "surname"),
    "first_name": ("first_name", "first name"),
    "name": ("name", "full name", "student"),
    "section": ("section",),
}
SAFE = re.compile(r"[A-Za-z0-9@._-]{1,100}")


@dataclass(frozen=True)
class Person:
    """One line of the class list."""

    student_id: str
    lms_id: str = ""
    email: str = ""
    last_name: str = ""
    first_name: str = ""
    name: str = ""
    section: str = ""

    @property
    def keys(self) -> set[str]:
        """Everything that a platform may call this person by."""
        both = (f"{self.first_name} {self.last_name}", f"{self.last_name} {self.first_name}")
        names = {plain(text) for text in (self.name, *both) if text.strip()}
        return {self.student_id.lower(), self.lms_id.lower(), self.email.lower(), *names} - {""}


@dataclass
class Roster:
    """The class; without a list everyone goes by the platform's number.

    Attributes
    ----------
    people : list of Person
        In the list's order.
    """

    people: list[Person] = field(default_factory=list)

    def find(self, *keys: str) -> Person | None:
        """The one person whom the first telling key names; None when nobody, or several."""
        for key in filter(None, keys):
            found = [p for p in self.people if {key.lower(), plain(key)} & p.keys]
            if len(found) == 1:
                return found[0]
        return None


def plain(name: str) -> str:
    """A name reduced to its letters, as platforms do: no accents, spaces, commas, capitals.

    Examples
    --------
    >>> plain("Dvořák, Antonín")
    'dvorakantonin'
    """
    letters = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in letters if letter.isalnum())


def safe_id(text: str) -> bool:
    """Whether a student's id can be the name of a folder, here and for nbgrader.

    Examples
    --------
    >>> [safe_id(text) for text in ("ada", "ada@example.org", "../ada", "*", "")]
    [True, True, False, False, False]
    """
    return SAFE.fullmatch(text) is not None and not text.startswith((".", "-"))


def read(path: Path | None) -> Roster:
    """Read a class list; an empty one without a path.

    Raises
    ------
    CourseError
        If it cannot be read, has no column of student ids, or names one twice.
    """
    if path is None:
        return Roster()
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"the class list cannot be read: {error}") from None
    people = [person for row in rows if (person := _person(row)).student_id]
    if not people:
        wanted = ", ".join(HEADERS["student_id"])
        raise CourseError(f"expected a class list with a column of student ids ({wanted}), got none: {path}")
    ids = [person.student_id for person in people]
    bad = sorted({i for i in ids if ids.count(i) > 1 or not safe_id(i)})
    if bad:
        raise CourseError(
            f"expected every student id once, of letters, digits, @ . _ -, got {', '.join(bad)}"
        )
    return Roster(people)


def _person(row: dict) -> Person:
    given = {str(k).strip().lower(): v.strip() for k, v in row.items() if k and isinstance(v, str)}
    fields = {}
    for name, headers in HEADERS.items():
        fields[name] = next((given[header] for header in headers if given.get(header)), "")
    fields["lms_id"] = re.sub(r"^\D*", "", fields["lms_id"]) or fields["lms_id"]  # "Participant 12345"
    return Person(**fields)
