"""What every test may use: the repository's root, and `require` for the two system programs."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"bwrap": "bubblewrap", "chromium": "chromium"}


def require(program):
    """Return the path of a system program; skip without it, or fail under COURSE_REQUIRE_ALL=1.

    Continuous integration sets the variable, so that a missing browser or jail is no silent success there.
    """
    found = shutil.which(program) or (program == "chromium" and shutil.which("chromium-browser"))
    if found:
        return found
    message = f"{program} is missing; install it with: sudo apt-get install {PACKAGES.get(program, program)}"
    if os.environ.get("COURSE_REQUIRE_ALL") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session", name="require")
def require_fixture():
    """`require`, for tests in any folder: ``def test_jail(require): bwrap = require("bwrap")``."""
    return require


@pytest.fixture(scope="session")
def root():
    """The repository's root folder."""
    return ROOT
