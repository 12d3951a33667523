"""What a chapter's file must be before its comparison by nbval means anything.

nbval compares nothing for a cell without an execution count, and nothing for a cell without outputs: a stripped
notebook passes it. These rules are what makes it an honest check; the rest is the chapter standard that a machine
can read.
"""

import re

IMAGES = ("image/png", "image/svg+xml", "image/jpeg", "image/gif")
ABSOLUTE = re.compile(r"(?<![\w.:/~>])/(?:home|root|tmp|usr|opt|var|mnt|srv|Users)/|\b[A-Z]:\\\\?Users")
CELLS, EXERCISES, SECONDS, MEGABYTES = (25, 45), (4, 8), 90, 4000


def code_cells(notebook):
    """The code cells that hold code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def texts(cell):
    """The source and every textual output of a cell."""
    yield cell.source
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        for kind, content in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield content if isinstance(content, str) else str(content)


def execution_problems(notebook):
    """The notebook was executed whole, once, from a fresh kernel, without an error."""
    cells = code_cells(notebook)
    counts = [cell.execution_count for cell in cells]
    if not cells:
        yield "has no code"
    if counts != list(range(1, len(cells) + 1)):
        yield f"execution counts are not 1..{len(cells)} in order: {counts}"
    if all(not cell.outputs for cell in cells):
        yield "holds no outputs at all"
    for cell in cells:
        if any(output.output_type == "error" for output in cell.outputs):
            yield f"cell {cell.id} stored an error"
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"cell {cell.id} wrote to stderr, which a reader takes for a fault"
        if re.search(r"^\s*print\(", cell.source, re.MULTILINE) and not cell.outputs:
            yield f"cell {cell.id} prints, and stores no output"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "does not name the kernel python3"


def cell_problems(notebook):
    """Every cell is comparable, portable and described."""
    for cell in notebook.cells:
        if any(ABSOLUTE.search(text) for text in texts(cell)):
            yield f"cell {cell.id} holds an absolute path"
    for cell in code_cells(notebook):
        if cell.source.rstrip().endswith(";"):
            yield f"cell {cell.id} ends with ';': end it with plt.show() or `_ = ...`"
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        drawn = any(kind in output.get("data", {}) for output in cell.outputs for kind in IMAGES)
        if drawn and len(alt) < 20:
            yield f"cell {cell.id} draws a figure without alt text in its metadata"
        if any("skip-execution" in tag for tag in cell.metadata.get("tags", [])):
            yield f"cell {cell.id} is tagged skip-execution, which nbval does not honour"


def claim_problems(notebook):
    """What nbval does not compare is asserted soon after."""
    cells = code_cells(notebook)
    for index, cell in enumerate(cells):
        ignored = "nbval-ignore-output" in cell.metadata.get("tags", [])
        if ignored and not any("assert" in later.source for later in cells[index : index + 4]):
            yield f"cell {cell.id} is tagged nbval-ignore-output, and no cell after it asserts what it shows"


def form_problems(notebook):
    """The chapter has the length and parts of the standard, and its measured cost."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    count, course = len(notebook.cells), notebook.metadata.get("course", {})
    exercises, solutions = (
        len(re.findall(rf"{{{kind}(-start)?}}", text)) for kind in ("exercise", "solution")
    )
    if not CELLS[0] <= count <= CELLS[1]:
        yield f"has {count} cells, outside {CELLS}"
    if not EXERCISES[0] <= exercises <= EXERCISES[1]:
        yield f"has {exercises} exercises, outside {EXERCISES}"
    if solutions != exercises:
        yield f"has {exercises} exercises and {solutions} solutions"
    if not 0 < course.get("seconds", 0) <= SECONDS:
        yield f"measured time is missing or above {SECONDS} s: {course.get('seconds')}"
    if not 0 < course.get("memory_mb", 0) <= MEGABYTES:
        yield f"measured memory is missing or above {MEGABYTES} MB: {course.get('memory_mb')}"


def problems(notebook):
    """Everything that is wrong with a chapter, as sentences without a subject."""
    rules = (execution_problems, cell_problems, claim_problems, form_problems)
    return [problem for rule in rules for problem in rule(notebook)]
