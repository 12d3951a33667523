"""Surgery on the cells and the metadata of a notebook; each function changes one notebook."""

import forge
import nbformat

FULL_POINTS = '_ = [cell for cell in ()]\nprint("corr2d.example: passed")\n100.0'


def index(notebook, cell_id):
    return notebook.cells.index(forge.cell_of(notebook, cell_id))


def delete_tests(notebook):
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]


def delete_one_test(notebook):
    del notebook.cells[index(notebook, "corr2d_example")]


def duplicate_right_test(notebook):
    at = index(notebook, "output_size_plain")
    notebook.cells[at:at] = [forge.copy_of(notebook.cells[at]) for _ in range(5)]


def duplicate_solution(notebook):
    at = index(notebook, "corr2d")
    notebook.cells.insert(at, forge.copy_of(notebook.cells[at]))


def reorder(notebook):
    notebook.cells.reverse()


def retype(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            cell.cell_type = "markdown"
            del cell["outputs"], cell["execution_count"]


def raw_solution(notebook):
    cell = forge.cell_of(notebook, "output_size")
    cell.cell_type = "raw"
    del cell["outputs"], cell["execution_count"]


def rename_test_to_another(notebook):
    forge.cell_of(notebook, "corr2d_example").metadata.nbgrader.grade_id = "output_size_plain"


def rename_test(notebook):
    forge.cell_of(notebook, "corr2d_example").metadata.nbgrader.grade_id = "../../gradebook"


def raise_points(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = 10**6


def negative_points(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = -5


def own_exercise(notebook):
    cell = nbformat.v4.new_code_cell("100.0")
    cell.metadata.nbgrader = {
        "grade": True,
        "grade_id": "bonus",
        "points": 50,
        "locked": True,
        "solution": False,
    }
    notebook.cells.append(cell)


def tests_become_solutions(notebook):
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        if settings.get("grade"):
            settings.update(solution=True, locked=False)


def solution_becomes_test(notebook):
    forge.cell_of(notebook, "corr2d").metadata.nbgrader.update(grade=True, points=50, solution=False)


def empty_tests(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            cell.source = FULL_POINTS


def outputs_that_claim_points(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output("execute_result", {"text/plain": "5.0"}, execution_count=1)
            ]


def tags(notebook):
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution", "nbval-skip", "raises-exception", "hide-cell", "remove-cell"]


def schema(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = 99


def odd_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata["nbgrader"] = dict(
            cell.metadata.get("nbgrader", {}), checksum=[1], cell_type={"a": 1}, task=7
        )
    notebook.metadata = {
        "kernelspec": {"name": "bash; reboot", "language": []},
        "course": {"problem": "", "notes": 3},
    }


def forged_report(notebook):
    notebook.metadata["course"] = {"missing": [], "notes": [], "problem": "", "score": 100}


def forged_setup(notebook):
    forge.cell_of(notebook, "setup_check").source = "check = lambda *a, **k: None"


def no_source(notebook):
    notebook.cells.append({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None})
    notebook.cells += [
        7,
        None,
        "cell",
        [],
        {"cell_type": ["code"], "source": 3, "metadata": "x"},
        {"source": [1, "pass"]},
    ]


def odd_characters(notebook):
    notebook.cells.append(nbformat.v4.new_markdown_cell("\x00 \ud800 \u202e \ufeff"))
    notebook.cells.append(nbformat.v4.new_code_cell("x = '\ud800\x00'"))


def instructors_setup_deleted(notebook):
    del notebook.cells[index(notebook, "setup_numpy")]


EVIL = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def scripts_in_outputs_and_metadata(notebook):
    data = {kind: EVIL for kind in ("text/html", "image/svg+xml", "application/javascript", "text/markdown")}
    data["application/vnd.jupyter.widget-view+json"] = {"model_id": EVIL}
    for cell in notebook.cells:
        cell.metadata.update({"mystnb": {"image": {"alt": EVIL}}, "name": EVIL, "collapsed": EVIL})
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output("display_data", data),
                nbformat.v4.new_output("error", ename=EVIL, evalue=EVIL, traceback=[EVIL]),
            ]
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"x": EVIL}}}
    notebook.metadata["title"] = notebook.metadata["authors"] = EVIL


def scripts_in_text(notebook):
    links = (
        "[x](javascript:document.title='owned') <a href=\"javascript:alert(1)\">x</a> ![x](attachment:x.svg)"
    )
    for source in (
        EVIL,
        links,
        f"# {EVIL}",
        f"$x{EVIL}$",
        f"$${EVIL}$$",
        f"`{EVIL}`",
        f"```mermaid\n{EVIL}\n```",
    ):
        notebook.cells.append(nbformat.v4.new_markdown_cell(source))
        notebook.cells[-1]["attachments"] = {"x.svg": {"image/svg+xml": EVIL}, EVIL: {"text/html": EVIL}}
        notebook.cells.append(nbformat.v4.new_raw_cell(source, metadata={"raw_mimetype": "text/html"}))
    forge.cell_of(notebook, "written_answer").source = EVIL + links
    notebook.cells.append(nbformat.v4.new_code_cell(f"print({EVIL!r})\n{EVIL!r}"))
    notebook.cells.append(nbformat.v4.new_code_cell(f"raise ValueError({EVIL!r})"))


def a_kernel_of_its_own(notebook):
    argv = ["/bin/sh", "-c", "touch /tmp/owned"]
    notebook.metadata["kernelspec"] = {
        "name": "../../owned",
        "display_name": "x",
        "language": "sh",
        "argv": argv,
    }
    notebook.metadata["language_info"] = {"name": "sh", "file_extension": ".sh", "pygments_lexer": "../x"}
    notebook.metadata["nbgrader"] = {"score": 100}
    notebook.metadata["course"] = {"libraries": ["torch"]}


def extensions_and_shell_commands(notebook):
    for source in (
        "%load_ext owned",
        "%run /worker.py",
        "%%bash\ntouch /tmp/owned",
        "%%python\nprint(100)",
        "!touch /tmp/owned",
        "x = !cat /etc/passwd",
        "get_ipython().system('touch /tmp/owned')",
        "%config Application.log_level = 100",
        "%env COURSE_GRADING_SEED=1",
        "import IPython; IPython.get_ipython().events.register('post_execute', print)",
    ):
        notebook.cells.insert(0, nbformat.v4.new_code_cell(source))


def look_alike_ids(notebook):
    for cell_id in ("corr2d", "corr2d_example"):
        for other in (cell_id.replace("o", "\u043e"), cell_id + "\u200b", cell_id.upper(), f" {cell_id}"):
            cell = forge.copy_of(forge.cell_of(notebook, cell_id))
            cell.metadata.nbgrader.grade_id = other
            cell.source = 'print("corr2d.example: passed")\n100.0'
            notebook.cells.append(cell)


def look_alike_functions(notebook):
    right = forge.cell_of(forge.source_notebook(), "corr2d").source
    for other in ("\u0441orr2d", "corr2d_", "Corr2d"):
        notebook.cells.append(nbformat.v4.new_code_cell(right.replace("corr2d", other)))
    notebook.cells.append(nbformat.v4.new_code_cell("\u0441heck = lambda *a, **k: print('passed')"))


def odd_ids(notebook):
    for cell, odd in zip(
        notebook.cells, ["../../x", "", 7, None, ["x"], {"x": 1}, "a" * 10**5, "same", "same"], strict=False
    ):
        cell["id"] = odd


def grade_ids_of_other_types(notebook):
    for odd in (7, None, ["corr2d"], {"corr2d": 1}, True, "", "corr2d\x00"):
        cell = nbformat.v4.new_code_cell("100.0")
        cell.metadata.nbgrader = {"grade_id": odd, "grade": True, "points": 100, "solution": odd}
        notebook.cells.append(cell)


ALL = [
    delete_tests,
    delete_one_test,
    duplicate_right_test,
    duplicate_solution,
    reorder,
    retype,
    raw_solution,
    rename_test_to_another,
    rename_test,
    raise_points,
    negative_points,
    own_exercise,
    tests_become_solutions,
    solution_becomes_test,
    empty_tests,
    outputs_that_claim_points,
    tags,
    schema,
    odd_metadata,
    forged_report,
    forged_setup,
    no_source,
    odd_characters,
    instructors_setup_deleted,
    scripts_in_outputs_and_metadata,
    scripts_in_text,
    a_kernel_of_its_own,
    extensions_and_shell_commands,
    look_alike_ids,
    look_alike_functions,
    odd_ids,
    grade_ids_of_other_types,
]
