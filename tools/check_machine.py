"""Say what this machine lacks before anything is installed; needs nothing but the standard library.

Exits 1 when Python is the wrong version or cannot make virtual environments; a missing browser or jail is
only named, because all but their own tests work without them.
"""

import importlib.util
import shutil
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
PROGRAMS = (
    ("bwrap", ("bwrap",), "bubblewrap", "the jail in which submissions run; without it grading refuses"),
    (
        "chromium",
        ("chromium", "chromium-browser"),
        "chromium",
        "the browser that tests the pages; skipped without",
    ),
)


def python_problem(version):
    """What is wrong with this Python, or an empty string."""
    if not OLDEST <= version[:2] <= NEWEST:
        have, want = ".".join(map(str, version[:3])), "3.11, 3.12 or 3.13"
        return f"Python {want} is needed, this is {have}. Name another one: make PYTHON=python3.12 ..."
    if importlib.util.find_spec("ensurepip") is None:
        return "This Python cannot make virtual environments. Install: sudo apt-get install python3-venv"
    return ""


def missing_programs(find=shutil.which, programs=PROGRAMS):
    """One line for each system program that is missing: what, what for, how to install it."""
    lines = []
    for name, commands, package, reason in programs:
        if not any(find(command) for command in commands):
            lines.append(f"{name} is missing ({reason}). Install: sudo apt-get install {package}")
    return lines


def main(arguments=()):
    """Print what is missing, with the argument "student" what a student misses; return the exit status."""
    programs = PROGRAMS[:1] if "student" in arguments else PROGRAMS
    problem = python_problem(sys.version_info)
    for line in missing_programs(programs=programs) + [problem] * bool(problem):
        print(line, file=sys.stderr)
    return int(bool(problem))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
