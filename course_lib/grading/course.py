"""A course root on disk, with its nbgrader configuration."""

from __future__ import annotations

import functools
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from course_lib.grading.limits import Limits
from course_lib.grading.rubric import Rubric, read_rubric

CONFIG = "nbgrader_config.py"


class CourseError(RuntimeError):
    """A command that cannot be carried out; the message is for the person who typed it."""


def find_root(given: str | None = None) -> Path:
    """The course root: the one given, else $COURSE_ROOT, else the nearest above here, else the checkout's.

    Raises
    ------
    CourseError
        If there is none.
    """
    named = given or os.environ.get("COURSE_ROOT")
    if named:
        candidates = [Path(named), Path(named) / "assignments"]
    else:
        here = Path.cwd()
        candidates = [folder for base in (here, *here.parents) for folder in (base, base / "assignments")]
        candidates.append(Path(__file__).resolve().parents[2] / "assignments")
    for folder in candidates:
        if (folder / CONFIG).is_file():
            return folder.resolve()
    raise CourseError(
        f"expected a folder with {CONFIG}, got {named or 'none here or above'}; give one with --root"
    )


class Course:
    """A course root. nbgrader itself is loaded by what needs it.

    Parameters
    ----------
    root : Path
        Folder with nbgrader_config.py and source/.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    @functools.cached_property
    def config(self) -> Any:
        """nbgrader's configuration of this course."""
        from traitlets.config.loader import PyFileConfigLoader

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return PyFileConfigLoader(CONFIG, str(self.root)).load_config()
        except Exception as error:
            raise CourseError(f"{self.root / CONFIG} cannot be loaded: {error}") from error

    @property
    def limits(self) -> Limits:
        """What a submission may use, as configured."""
        return Limits(**dict(self.config.ScoreOutside.get("limits", {})))

    def rubric(self, assignment: str) -> Rubric:
        """What the assignment asks for."""
        return read_rubric(self.root, assignment)

    def api(self, **extra: dict[str, Any]) -> Any:
        """nbgrader's API for this course; ``extra`` holds more settings by class name."""
        from copy import deepcopy

        from nbgrader.apps.api import NbGraderAPI
        from nbgrader.coursedir import CourseDirectory

        # nbgrader starts `alembic` by name, which is found only in an activated environment.
        scripts = str(Path(sys.executable).parent)
        if scripts not in os.environ.get("PATH", "").split(os.pathsep):
            os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
        warnings.filterwarnings("ignore", module="nbgrader")  # SQLAlchemy's, about nbgrader's own models
        config = deepcopy(self.config)
        for name, settings in extra.items():
            config[name].update(settings)
        api = NbGraderAPI(coursedir=CourseDirectory(config=config), config=config)
        api.log.setLevel(logging.WARNING)
        return api

    def submitted(self, assignment: str) -> list[str]:
        """Students who have handed something in, in order."""
        folder = self.root / "submitted"
        return sorted(path.parent.name for path in folder.glob(f"*/{assignment}") if path.is_dir())

    def graded(self, assignment: str) -> list[str]:
        """Students whose work has been autograded, in order."""
        folder = self.root / "autograded"
        return sorted(path.parent.name for path in folder.glob(f"*/{assignment}") if path.is_dir())


def outcome(result: dict, what: str) -> None:
    """Raise what nbgrader's API reports as a failure.

    Raises
    ------
    CourseError
        With the last lines of nbgrader's log.
    """
    if not result["success"]:
        log = (result.get("log") or result.get("error") or "no reason given").strip().splitlines()
        raise CourseError(f"{what} failed:\n" + "\n".join(log[-12:]))
