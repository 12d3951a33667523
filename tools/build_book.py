"""Build the book into _build/html, with every warning an error, and say how to open it.

    python tools/build_book.py          # does nothing when nothing changed
    python tools/build_book.py --all    # from scratch

When only the text of pages changed, only those pages are rebuilt. When anything that can touch every page
changed (the configuration, the table of contents, an extension, a style, the set of pages, an installed
package), or when the last build failed, the book is built from scratch, so that no stale page and no
forgotten warning survives.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
STAMP = BUILD / "book.json"
PAGES = ("*.md", "chapters/*.ipynb", "appendix/*.md", "appendix/*.ipynb", "benchmarks/*.md")
SHARED = (
    "_config.yml",
    "_toc.yml",
    "references.bib",
    "requirements.txt",
    "constraints.txt",
    "extensions/*.py",
    "benchmarks/results/*.json",
)
SHARED += ("assets/**/*", "tools/build_book.py")


def digests(patterns):
    """Map each file that matches to the digest of its content."""
    files = sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()})
    return {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def last_build():
    """What the last successful build was made from, or an empty dictionary."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def build(fresh):
    """Run Jupyter Book; return its exit status and what it printed."""
    if fresh:
        for folder in ("html", ".doctrees"):
            shutil.rmtree(BUILD / folder, ignore_errors=True)
    STAMP.unlink(missing_ok=True)
    command = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        str(ROOT),
        "-n",
        "-W",
        "--keep-going",
    ]
    command += ["--path-output", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


def how_to_open():
    """Say where the book is."""
    index = BUILD / "html" / "index.html"
    print(f"Open it:   {index.as_uri()}\nServe it:  make serve   (then http://localhost:8000)")


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="build from scratch")
    options = parser.parse_args(arguments)
    now = {"pages": digests(PAGES), "shared": digests(SHARED)}
    before = last_build()
    if not options.all and now == before and (BUILD / "html" / "index.html").exists():
        print("The book is up to date.")
        how_to_open()
        return 0
    same_shape = (
        before.get("shared") == now["shared"] and before.get("pages", {}).keys() == now["pages"].keys()
    )
    print("Building the book ...", flush=True)
    started = time.perf_counter()
    status, output = build(fresh=options.all or not same_shape)
    if status:
        print(output)
        print("The book was not built: every line with WARNING or ERROR above has to go.", file=sys.stderr)
        return status
    STAMP.write_text(json.dumps(now, indent=1))
    print(
        f"Built {len(list((BUILD / 'html').rglob('*.html')))} pages in {time.perf_counter() - started:.0f} s."
    )
    how_to_open()
    return 0


if __name__ == "__main__":
    sys.exit(main())
