"""Execute chapters in place and bring their files into one normal form.

    python tools/execute_chapter.py 02 05      # chapters/02_*.ipynb and chapters/05_*.ipynb
    python tools/execute_chapter.py all
    python tools/execute_chapter.py --check    # execute nothing: is every file executed and in normal form?

A chapter is written back only when every cell ran; until then the file on disk is untouched. What the run
took is stored in the notebook's metadata, ``course: {seconds, memory_mb}``, from which the book prints the
line under the title.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
KEPT_METADATA = ("course", "mystnb", "nbgrader", "title")
DROPPED_CELL_METADATA = ("execution", "ExecuteTime", "collapsed", "jupyter", "pycharm", "vscode", "papermill")
GENERATED_ID = re.compile(r"[0-9a-f]{6,40}(-[0-9a-f]{4,12}){0,4}(-\d+)?")
PEAK_MEMORY = """
import resource as _resource, sys as _sys
print(_resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss * (1 if _sys.platform == "darwin" else 1024))
"""


def chapter_paths(numbers):
    """The notebooks whose names begin with the given numbers; all of them for none or for ``all``."""
    every = sorted(CHAPTERS.glob("[0-9][0-9]_*.ipynb"))
    if not numbers or "all" in numbers:
        return every
    paths = []
    for number in numbers:
        found = [path for path in every if path.name.startswith(f"{Path(number).stem[:2]:0>2}_")]
        if not found:
            raise SystemExit(
                f"execute_chapter: no chapters/{number:0>2}_*.ipynb; there are {[p.name for p in every]}"
            )
        paths += found
    return paths


def execute(notebook, folder=CHAPTERS, timeout=300):
    """Run every cell of `notebook`; return the seconds it took and the kernel's peak memory in bytes."""
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name=KERNELSPEC["name"],
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        record_timing=False,
    )
    os.environ["COURSE_QUIET"] = "1"  # progress bars stay out of the stored outputs
    started = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - started
        probe = nbformat.v4.new_code_cell(PEAK_MEMORY)
        notebook.cells.append(probe)
        client.execute_cell(probe, len(notebook.cells) - 1, store_history=False)
        notebook.cells.pop()
    return seconds, int(probe.outputs[0]["text"])


def normalise(notebook):
    """Give `notebook` the one form in which chapters are committed: metadata, cell ids, execution counts."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    kept = {key: notebook.metadata[key] for key in KEPT_METADATA if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO} | kept)
    taken, count = set(), 0
    for cell in notebook.cells:
        for key in DROPPED_CELL_METADATA:
            cell.metadata.pop(key, None)
        cell["id"] = stable_id(cell, taken)
        if cell.cell_type == "code":
            count += bool(cell.source.strip())
            cell.execution_count = count if cell.source.strip() else None
            for output in cell.outputs:
                if "execution_count" in output:
                    output["execution_count"] = count
    return notebook


def stable_id(cell, taken):
    """An id that only changes with the cell: the author's own, else one drawn from the source."""
    name = cell.get("id", "")
    if not name or GENERATED_ID.fullmatch(name):
        name = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
    unique, copy = name, 1
    while unique in taken:
        copy += 1
        unique = f"{name}-{copy}"
    taken.add(unique)
    return unique


def as_text(notebook):
    """The exact text under which a notebook is stored."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write_whole(path, text):
    """Replace `path` by `text`, all of it or nothing."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def run_chapter(path, timeout):
    """Execute, normalise and store one chapter; return a line that says how it went."""
    notebook = nbformat.read(path, as_version=4)
    seconds, memory = execute(notebook, path.parent, timeout)
    measured = {"seconds": max(1, round(seconds)), "memory_mb": max(10, round(memory / 1e7) * 10)}
    notebook.metadata["course"] = dict(notebook.metadata.get("course", {})) | measured
    write_whole(path, as_text(normalise(notebook)))
    return f"{path.name}: {len(notebook.cells)} cells, {measured['seconds']} s, {measured['memory_mb']} MB"


def complaint(path):
    """What keeps a stored chapter from being in normal form, or an empty string."""
    try:
        text = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(text, as_version=4)
    except (ValueError, json.JSONDecodeError) as error:
        return f"not a notebook: {error}"
    counts = [
        cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()
    ]
    if counts != list(range(1, len(counts) + 1)):
        return f"not executed in order from a fresh kernel: execution counts {counts}"
    if not {"seconds", "memory_mb"} <= notebook.metadata.get("course", {}).keys():
        return "no measured time and memory"
    return "" if as_text(normalise(notebook)) == text else "not in normal form"


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("numbers", nargs="*", help="chapter numbers such as 02, or all")
    parser.add_argument(
        "--check", action="store_true", help="execute and write nothing; exit 1 if a file is stale"
    )
    parser.add_argument(
        "--timeout", type=int, default=300, help="seconds that one cell may take (default 300)"
    )
    options = parser.parse_args(arguments)
    if not options.numbers and not options.check:
        parser.error("name a chapter, such as 02, or all")
    failed = False
    for path in chapter_paths(options.numbers):
        try:
            line = (
                f"{path.name}: {complaint(path) or 'ok'}"
                if options.check
                else run_chapter(path, options.timeout)
            )
            failed |= options.check and not line.endswith(": ok")
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            line, failed = f"{path.name}: NOT WRITTEN, a cell failed\n{error}", True
        print(line, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
