"""Where the `course` command starts: what it needs may not be there, and then a sentence says so."""

import sys

from course_lib._extras import explain


def main() -> None:
    """Run the `course` command."""
    try:
        from course_lib.grading.cli import main as run
    except ModuleNotFoundError as error:
        sys.exit(f"course: {explain(error.name or 'a package', 'this command')}")
    run()


if __name__ == "__main__":
    main()
