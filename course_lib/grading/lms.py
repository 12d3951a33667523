"""Whose file is this? The names that learning platforms give to what they export.

Each platform has one function that reads a path, so that a new one is a new function. What they look like:

Moodle, "Download all submissions", with folders or flat
    ``Full Name_12345_assignsubmission_file_/x.ipynb``
Canvas, "Download submissions", with the numbers of the user and of the file
    ``lastnamefirstname_LATE_12345_67890_a1_convolution-1.ipynb``
Gradescope, "Export submissions", with names in ``submission_metadata.yml``
    ``submission_123456/x.ipynb``
nbgrader, its exchange's inbound folder or its ``submitted``; or a folder per student, made by hand
    ``student+assignment+timestamp+random/x.ipynb``, ``student/assignment/x.ipynb``,
    ``student/assignment.ipynb``
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

METADATA = "submission_metadata.yml"
METADATA_LIMIT = 16 << 20
MOODLE = re.compile(r"(?P<name>[^/]+)_(?P<id>\d+)_assignsubmission_file_?/?(?P<file>[^/]*)$")
CANVAS = re.compile(
    r"(?P<name>[^_/]+)(?P<late>_late)?_(?P<id>\d+)_(?P<number>\d+)_(?P<file>[^/]+)$", re.IGNORECASE
)
GRADESCOPE = re.compile(r"submission_(?P<id>\d+)$")


@dataclass(frozen=True)
class Sender:
    """Who handed a file in, as far as its path and the platform's metadata say.

    Attributes
    ----------
    platform : str
        Which one's format it was.
    id : str
        The platform's number for the student or, from nbgrader and Gradescope, the student's id.
    name, email : str
        Where known.
    file : str
        The file's own name.
    late : bool or None
        Whether the platform marks it as late; None where it does not say.
    time : datetime or None
        When it was handed in, with a time zone.
    order : int
        Larger for the later of two files of a student.
    assignment : str
        Where the path names one.
    """

    platform: str
    id: str
    file: str
    name: str = ""
    email: str = ""
    late: bool | None = None
    time: datetime | None = None
    order: int = 0
    assignment: str = ""


def senders(parts: tuple[str, ...], metadata: Mapping[str, list[Sender]]) -> list[Sender]:
    """Who handed in the file with that path; empty when no platform names its files so.

    Parameters
    ----------
    parts : tuple of str
        The folders and the name of the file.
    metadata : mapping
        What `gradescope` read, by folder.

    Examples
    --------
    >>> [who] = senders(("lovelaceada_LATE_12_345_a1-1.ipynb",), {})
    >>> who.platform, who.id, who.late, who.file
    ('canvas', '12', True, 'a1-1.ipynb')
    """
    for read in (_moodle, _exchange, _canvas):
        if found := read(parts):
            return [found]
    for folder in parts[:-1]:
        if GRADESCOPE.match(folder):
            return [replace(who, file=parts[-1]) for who in metadata.get(folder, [])]
    plain = _plain(parts)
    return [plain] if plain else []


def _moodle(parts: tuple[str, ...]) -> Sender | None:
    for depth, part in enumerate(parts):
        found = MOODLE.match(part)
        if found and (depth < len(parts) - 1 or found["file"]):
            return Sender("moodle", found["id"], found["file"] or parts[-1], found["name"])
    return None


def _canvas(parts: tuple[str, ...]) -> Sender | None:
    found = CANVAS.match(parts[-1])
    if not found or len(parts) > 2:
        return None
    late = found["late"] is not None
    return Sender("canvas", found["id"], found["file"], found["name"], late=late, order=int(found["number"]))


def _exchange(parts: tuple[str, ...]) -> Sender | None:
    fields = parts[-2].split("+") if len(parts) > 1 else []
    if len(fields) not in (3, 4):
        return None
    return Sender("nbgrader", fields[0], parts[-1], time=parse_time(fields[2]), assignment=fields[1])


def _plain(parts: tuple[str, ...]) -> Sender | None:
    stem = parts[-1].removesuffix(".ipynb").removesuffix(".npz")
    if len(parts) == 2:
        return Sender("nbgrader", parts[0], parts[-1], assignment=stem)
    return Sender("nbgrader", parts[-3], parts[-1], assignment=parts[-2]) if len(parts) > 2 else None


def parse_time(value: Any) -> datetime | None:
    """A moment, from a date or from text that names its time zone or means UTC; None where it is neither.

    Examples
    --------
    >>> parse_time("2026-02-03 04:05:06.5 UTC").isoformat()
    '2026-02-03T04:05:06.500000+00:00'
    """
    if isinstance(value, str):
        text = re.sub(r"\s*(UTC|Z)$", "+00:00", value.strip()[:60])
        text = re.sub(r"(\.\d{1,6})\d*", r"\1", text)
        text = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", text)
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def gradescope(text: bytes) -> dict[str, list[Sender]]:
    """Read Gradescope's metadata: for each submission's folder everyone who handed it in together.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    import yaml

    try:
        loaded = yaml.load(text.decode("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"it cannot be read ({type(error).__name__})") from None
    if not isinstance(loaded, dict):
        raise ValueError("it lists no submissions")
    return {folder: _group(about) for folder, about in loaded.items() if isinstance(folder, str)}


def _group(about: Any) -> list[Sender]:
    about = about if isinstance(about, dict) else {}
    people = about.get(":submitters") or about.get("submitters") or []
    time = parse_time(about.get(":created_at", about.get("created_at")))
    group = []
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict):
            known = {str(k).lstrip(":"): str(v) for k, v in person.items() if v is not None}
            name, email = known.get("name", ""), known.get("email", "")
            group.append(Sender("gradescope", known.get("sid") or email, "", name, email, time=time))
    return group
