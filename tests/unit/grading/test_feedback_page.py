"""The page a student gets back, built from single cells."""

import re
from html import unescape

import forge
import nbformat
import pytest
from doubles import graded_cell, solution_cell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.grading import pages
from course_lib.grading.checks import find
from course_lib.grading.course import Course
from course_lib.grading.feedback import FeedbackExporter, page_of, unread
from course_lib.grading.submission import MISSING

PLAIN, HIDDEN = (
    'check(output_size, "output_size.plain")',
    'check(output_size, "output_size.plain", hidden=True)',
)
ABOUT = {"assignment": "a1_convolution", "student": "ada", "score": 7.5, "max_score": 22.0}
PNG = "iVBORw0KGgo="


def heading(text):
    """A locked cell of the instructor's."""
    cell = new_markdown_cell(text)
    cell.metadata["nbgrader"] = {"grade": False, "locked": True, "solution": False, "grade_id": "text"}
    return cell


def verdict(status="passed", *checks, score=12.0, message="output_size.plain: passed (3 cases)"):
    return {"status": status, "message": message, "checks": list(checks), "score": score}


def ran(status="passed", message="", hidden=False, **more):
    return {"check": "output_size.plain", "status": status, "message": message, "hidden": hidden, **more}


def checked_cell(told, score=12.0, **settings):
    """A cell of checks with its verdict, as it comes out of autograding."""
    cell = graded_cell("size", 12.0, PLAIN, HIDDEN)
    cell.metadata["nbgrader"] |= {"score": score, **settings}
    if told:
        cell.metadata["course"] = told
    return cell


def page(*cells, unmarked=(), **about):
    return page_of(new_notebook(cells=list(cells)), nbformat.from_dict(ABOUT | about), unmarked)


def blocks(*cells, **options):
    """The blocks of a page of one exercise."""
    [section] = page(*cells, **options)["sections"]
    return section.blocks


def rows(told, **settings):
    [block] = blocks(checked_cell(told, **settings))
    return block["rows"]


# ---------------------------------------------------------------- the whole


def test_headings_of_the_instructor_make_the_sections():
    written = graded_cell("written", 10.0, kind="markdown")
    written.metadata["nbgrader"]["score"] = 4.0
    made = page(
        heading("# Convolution\nmore"),
        heading("not a heading"),
        checked_cell(verdict("passed", ran(), ran(hidden=True))),
        heading("## Written"),
        written,
    )
    assert (made["title"], made["student"], made["problem"]) == ("Convolution", "ada", "")
    assert (made["score"], made["max_score"], made["extra"], made["penalty"]) == ("7.5", "22", "4", "")
    assert [(s.id, s.title, s.points) for s in made["sections"]] == [
        ("start", "a1_convolution", "0 of 0"),
        ("part-1", "Convolution", "12 of 12"),
        ("part-4", "Written", "4 of 10"),
    ]


def test_without_headings_the_assignment_s_name_is_the_title():
    made = page(new_markdown_cell("# the student's own heading"), late_penalty=2.5)
    assert (made["title"], made["penalty"], made["extra"]) == ("a1_convolution", "2.5", "")
    assert len(made["sections"]) == 1


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ([], ""),
        ([verdict("unreadable", message="cut off"), verdict("unreadable", message="cut off")], "cut off"),
        ([verdict("unreadable", message="x"), verdict("passed", ran())], ""),
    ],
)
def test_the_reason_stands_at_the_top_when_no_check_ran(told, problem):
    assert page(*map(checked_cell, told))["problem"] == problem


# ---------------------------------------------------------------- checks


def test_a_row_says_what_was_tested_and_how_it_went():
    failed = ran(
        "failed",
        "output_size.plain: failed on case 1 of 3 (a)\n  expected 3, got 2\n  hint: the + 1",
        hint="the + 1",
    )
    first, second = rows(verdict("failed", failed, score=0.0), score=0.0)
    about = find("output_size.plain").about
    assert first == {
        "tint": "failed",
        "word": "Not yet right",
        "what": f"{about}, on worked examples",
        "place": "On case 1 of 3 (a)",
        "message": "expected 3, got 2",
        "hint": "the + 1",
    }
    assert (second["tint"], second["word"], second["what"]) == (
        "idle",
        "Not run",
        f"{about}, on random arrays",
    )


def test_passed_checks_need_no_words():
    assert [
        (r["tint"], r["word"], r["message"]) for r in rows(verdict("passed", ran(), ran(hidden=True)))
    ] == [("passed", "Passed", "")] * 2


def test_a_hidden_failure_shows_no_values():
    message = "f.x: failed on a hidden case, seed 7 (tall)\n  the result has wrong values.\n  hint: look"
    check = {"check": "f.x", "status": "failed", "message": message, "hint": "look", "hidden": True}
    row, _ = rows(verdict("failed", check, score=0.0), score=0.0)
    assert (row["place"], row["message"]) == (
        "On a hidden case, seed 7 (tall)",
        "the result has wrong values.",
    )
    assert (row["what"], row["hint"]) == ("f.x, on random arrays", "look")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("timeout", "Ran out of time"),
        ("memory", "Ran out of memory"),
        ("crashed", "Stopped with an error"),
        ("odd", "Could not be graded"),
    ],
)
def test_other_ends_have_words_of_their_own(status, word):
    row = rows(verdict(status, ran(status, "f is gone: really"), score=0.0), score=0.0)[0]
    assert (row["tint"], row["word"], row["place"], row["message"]) == ("odd", word, "f is gone: really", "")


def test_a_cell_none_of_whose_checks_ran_says_why():
    first, second = rows(verdict("unreadable", message="not run: no time", score=0.0), score=0.0)
    assert (first["what"], first["message"], first["word"]) == (
        "no check could run",
        "not run: no time",
        "Could not be graded",
    )
    assert second["word"] == "Not run"
    bare = rows(None, score=None)
    assert [row["word"] for row in bare] == ["Could not be graded", "Not run"]


@pytest.mark.parametrize(
    ("told", "score", "by_hand", "points"),
    [
        (verdict("passed", ran()), 12.0, False, "12 of 12 points"),
        (verdict("passed", ran()), 5.0, True, "5 of 12 points"),
        (verdict("unreadable", score=0.0), 5.0, False, "5 of 12 points"),
    ],
)
def test_points_that_a_person_has_changed_are_marked(told, score, by_hand, points):
    [block] = blocks(checked_cell(told, score=score, comment="See me."))
    assert (block["by_hand"], block["points"], block["comment"]) == (by_hand, points, "See me.")
    assert block["title"] == "output_size.plain"


# ---------------------------------------------------------------- the student's own cells


def test_code_and_text_of_the_student_s_are_shown():
    solution = solution_cell("output_size", "x = 1")
    solution.metadata["nbgrader"]["comment"] = "Neat."
    code, own, text = blocks(
        solution, new_code_cell("y = 2"), new_markdown_cell("*words*"), new_code_cell(" \n")
    )
    assert (code["label"], code["number"], code["comment"]) == ("Your code", 1, "Neat.")
    assert (own["label"], own["number"]) == ("Your own cell", 2)
    assert (text["kind"], str(text["html"]).strip()) == ("text", "<p><em>words</em></p>")


def test_an_empty_cell_with_a_comment_is_shown():
    solution = solution_cell("output_size", "")
    assert blocks(solution) == []
    solution.metadata["nbgrader"]["comment"] = "Nothing here."
    assert [block["comment"] for block in blocks(solution)] == ["Nothing here."]


def test_outputs_are_text_and_pictures_only():
    cell = new_code_cell("x")
    cell.outputs = [
        new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m\n\n"),
        new_output("display_data", data={"image/png": f"{PNG}\n", "text/html": "<b>"}),
        new_output("display_data", data={"image/png": '"><script>', "text/plain": "a figure"}),
        new_output("display_data", data={"text/html": "<script>"}),
        new_output("error", ename="E", evalue="v", traceback=["\x1b[0;31mE", "v"]),
    ]
    assert blocks(cell)[0]["outputs"] == [
        {"png": "", "text": "red"},
        {"png": PNG, "text": ""},
        {"png": "", "text": "a figure"},
        {"png": "", "text": "E\nv"},
    ]


@pytest.mark.parametrize(
    ("source", "score", "unmarked", "points", "total"),
    [
        ("words", None, ("written",), "to be read by a person", "0 of 10, to be read"),
        ("words", 8.0, (), "8 of 10 points", "8 of 10"),
        (MISSING, None, ("written",), "0 of 10 points", "0 of 10, to be read"),
        ("words", None, ("another",), "0 of 10 points", "0 of 10"),
    ],
)
def test_a_written_answer_has_its_points_or_waits(source, score, unmarked, points, total):
    cell = graded_cell("written", 10.0, kind="markdown")
    cell.source = source
    cell.metadata["nbgrader"] |= {"score": score, "comment": "Well said."}
    [section] = page(cell, unmarked=unmarked)["sections"]
    text, answer = section.blocks
    assert (text["comment"], answer["comment"]) == ("", "Well said.")  # it stands once, below the points
    assert (answer["kind"], answer["points"], section.points) == ("answer", points, total)


# ---------------------------------------------------------------- the page


@pytest.fixture
def about(root):
    """What nbgrader hands to the exporter, with a submission in the gradebook."""
    with Course(root).api().gradebook as gradebook:
        gradebook.add_student("ada")
        submission = gradebook.add_submission(forge.NAME, "ada")
        for grade in submission.notebooks[0].grades:
            grade.auto_score = 1.0 if grade.cell.cell_type == "code" else None
        gradebook.db.commit()
    where = {"db_url": f"sqlite:///{root / 'gradebook.db'}", "notebook": forge.NAME}
    return nbformat.from_dict(ABOUT | where | {"assignment": forge.NAME})


def test_answers_wait_until_somebody_has_given_points(root, about):
    assert unread(about) == {"written_answer"}
    with Course(root).api().gradebook as gradebook:
        gradebook.find_grade("written_answer", forge.NAME, forge.NAME, "ada").manual_score = 0.0
        gradebook.db.commit()
    assert unread(about) == set()


def test_the_exporter_writes_a_page_that_holds_nobody_s_markup(about):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    cells = [
        heading("# A1"),
        solution_cell("output_size", f"print('{evil}')"),
        checked_cell(
            verdict("failed", ran("failed", f"x: failed on case 1\n  {evil}", hint=evil), score=0.0),
            score=0.0,
        ),
        new_markdown_cell(f"{evil}\n\n# mine\n\n![p](https://evil.example/p.png)"),
    ]
    notebook = new_notebook(cells=cells)
    exporter = FeedbackExporter()
    html, resources = exporter.from_notebook_node(notebook, {"nbgrader": about})
    assert resources["output_extension"] == ".html"
    assert exporter.output_mimetype == "text/html"
    words = re.sub(
        r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", re.sub(r"<style>.*?</style>", "", html, flags=re.S)))
    )
    assert f"Hint: {evil}" in words
    assert "7.5 of 22 points" in words
    assert not re.search(r"<script|<img|src=x onerror=alert\(2\)>|evil\.example", html)
    assert "<strong>mine</strong>" in html  # headings belong to the page
    assert "[picture: p]" in words


def test_links_that_run_code_are_harmless():
    assert "javascript" not in pages.markdown("[x](javascript:alert(1))")


def test_formgrader_s_text_keeps_formulas_and_shows_html_as_text():
    text = pages.formgrader_text(
        "# Title\n\n$a<b$ and <script>bad()</script>\n\n![cat](https://evil.example/x.png)\n\n[x](javascript:bad())"
    )
    assert "<h1" in text
    assert "$a&lt;b$" in text
    assert "&lt;script&gt;bad()" in text
    assert "[picture: cat]" in text
    assert not re.search(r"<script|<img|evil\.example|javascript", text)


def test_formgrader_s_diagrams_are_shown_as_their_source():
    text = pages.formgrader_text("```mermaid\ngraph <b>\n```")
    assert text == "<pre><code>graph &lt;b&gt;\n</code></pre>\n"


def test_a_template_that_lacks_a_value_is_not_rendered():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        pages.render("report.html")
