"""Look into a folder or a zip archive that somebody else packed, and take single files out of it.

Nothing is unpacked: files are listed, and read one at a time up to a size. What could write outside a folder
or fill a disk is refused by name: absolute and climbing paths, links, devices, encrypted and oversized files.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course_lib.grading.course import CourseError
from course_lib.grading.submission import FILE_LIMIT

ENTRY_LIMIT = 100_000  # files in an archive
TOTAL_LIMIT = 8 << 30  # bytes taken out of one archive: 8 GiB
NOISE = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints")


class Refused(ValueError):  # noqa: N818
    """A file that is not taken; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A file of an archive or a folder.

    Attributes
    ----------
    name : str
        Its path there, with forward slashes, as it was written.
    size : int
        Its size in bytes, as the archive states it.
    modified : datetime or None
        When it was changed, without a time zone.
    problem : str
        Why it must not be read; empty when it may.
    open : callable () -> binary file
        Opens it.
    """

    name: str
    size: int
    modified: datetime | None
    problem: str
    open: Callable

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders and the file's name."""
        return tuple(part for part in self.name.split("/") if part not in ("", "."))

    def read(self, limit: int = FILE_LIMIT) -> bytes:
        """The file's bytes.

        Raises
        ------
        Refused
            If it may not be read, is larger than the limit, whatever the archive says, or is broken.
        """
        if self.problem:
            raise Refused(self.problem)
        try:
            with self.open() as file:
                data = file.read(limit + 1)
                while data and len(data) <= limit and (more := file.read(limit + 1 - len(data))):
                    data += more
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise Refused(f"it is broken: {error}") from None
        if len(data) > limit:
            raise Refused(_too_large(limit))
        return data


def _too_large(limit: int) -> str:
    return f"it is larger than {limit / (1 << 20):.0f} MB"


def entries(path: Path) -> Iterator[Entry]:
    """The files in a folder or zip archive, without what operating systems leave behind.

    Raises
    ------
    CourseError
        If there is nothing of the kind at that path.
    """
    path = Path(path)
    if path.is_dir():
        found = _of_folder(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        found = _of_zip(path)
    else:
        got = "another kind of file" if path.exists() else "nothing"
        raise CourseError(f"expected a folder or a zip archive, got {got}: {path}")
    for number, entry in enumerate(found):
        if number >= ENTRY_LIMIT:
            raise CourseError(f"expected at most {ENTRY_LIMIT} files in {path}, got more")
        if not any(part in NOISE or part.startswith("._") for part in entry.parts):
            yield entry


def _of_folder(folder: Path) -> Iterator[Entry]:
    for base, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(base) / name
            status = path.lstat()
            regular = stat.S_ISREG(status.st_mode)
            problem = "" if regular else "it is no ordinary file (a link, a pipe or a device)"
            if regular and status.st_size > FILE_LIMIT:
                problem = _too_large(FILE_LIMIT)
            modified = datetime.fromtimestamp(status.st_mtime)
            where = path.relative_to(folder).as_posix()
            yield Entry(where, status.st_size, modified, problem, lambda path=path: _open_plain(path))
        for name in os.listdir(base):  # os.walk goes round linked folders without a word
            if (Path(base) / name).is_symlink() and (Path(base) / name).is_dir():
                where = (Path(base) / name).relative_to(folder).as_posix()
                yield Entry(where, 0, None, "it is a link to a folder", lambda: None)


def _open_plain(path: Path):
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _of_zip(path: Path) -> Iterator[Entry]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise CourseError(f"expected a zip archive, got a broken one: {path} ({error})") from None
    for info in archive.infolist():  # the archive stays open as long as its entries live
        if info.is_dir() and not _climbs(info.filename):
            continue
        try:
            modified = datetime(*info.date_time)
        except ValueError:
            modified = None
        name = info.filename.replace("\\", "/")
        yield Entry(name, info.file_size, modified, _problem(info), lambda i=info: archive.open(i))


def _climbs(name: str) -> bool:
    name = name.replace("\\", "/")
    return name.startswith("/") or name[1:2] == ":" or ".." in name.split("/")


def _problem(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if _climbs(info.orig_filename) or _climbs(info.filename):
        return "its path leads out of the archive"
    if kind not in (0, stat.S_IFREG):
        return "it is no ordinary file (a link, a pipe or a device)"
    if info.flag_bits & 1:
        return "it is encrypted"
    return _too_large(FILE_LIMIT) if info.file_size > FILE_LIMIT else ""
