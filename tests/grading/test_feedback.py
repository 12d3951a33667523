"""The page a student gets back: what it says, what it must not say, and how it looks in a browser."""

import re
import shutil
from html import unescape

import forge
import nbformat
import pytest

from course_lib.grading import pages
from course_lib.grading.checks import load
from course_lib.grading.feedback import page_of

REST = ("corr2d", "output_size", "conv2d", "edge_filters", "written_answer")
EVIL = "<script>document.title='owned'</script><img src=x onerror=alert(1)> ![p](https://evil.example/p.png)"
ANSWERS = {
    "flip_kernel": "def flip_kernel(k):\n    return k[::-1]\n\n\ndef convolve2d(x, k):\n    return k\n",
    "written_answer": f"My **answer** is $x^2$. {EVIL}",
    "corr2d": "print('</pre><script>bad()</script>')\ndef corr2d(x, k):\n    raise ValueError('<b>bold</b>')\n",
    "edge_filters": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n",
}


@pytest.fixture(scope="module")
def returned(released, tmp_path_factory, require):
    """A course whose students have feedback, a comment and points by hand among it."""
    from nbgrader.api import Gradebook

    require("bwrap")
    root = shutil.copytree(released, tmp_path_factory.mktemp("feedback") / "course")
    forge.hand_in(root, "right", forge.source_notebook())
    forge.hand_in(root, "wrong", forge.submission(ANSWERS, keep=("output_size", "conv2d")))
    forge.hand_in(root, "cut", "{")
    done = forge.course_process(root, "autograde", forge.NAME, "--seed", 7)
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        where = (forge.NAME, forge.NAME, "right")
        gradebook.find_comment("written_answer", *where).manual_comment = "Well said.\n<b>Twice</b>."
        gradebook.find_grade("written_answer", *where).manual_score = 8.0
        gradebook.db.commit()
    done = forge.course(root, "feedback", forge.NAME)
    assert done.exit_code == 0, done.output
    return root


def html(root, student):
    return (root / "feedback" / student / forge.NAME / f"{forge.NAME}.html").read_text()


def text(root, student):
    """The words of a page without its markup."""
    body = re.sub(r"<style>.*?</style>", "", html(root, student), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", body)))


def test_each_check_says_what_was_tested_and_where_it_went_wrong(returned):
    words = text(returned, "wrong")
    about = load(forge.NAME)["flip_kernel.square"].about
    assert f"Not yet right: {about}, on worked examples On case 1 of" in words
    assert "the first at index [0, 0]: expected 4, got 3" in words
    assert "Hint: only the rows are reversed" in words
    assert f"Not run: {about}, on random arrays" in words
    assert "flip_kernel.square: 0 of 3 points" in words
    assert "Passed: " in words


def test_points_add_up_and_comments_arrive(returned):
    right = text(returned, "right")
    assert "108 of 110 points (8 of them given by a person)" in right
    assert "Well said. <b>Twice</b>." in right
    assert "8 of 10 points" in right
    wrong = text(returned, "wrong")
    assert "63 of 110 points" in wrong
    assert "Exercise 4: the mathematician's convolution (12 points)0 of 12" in wrong
    assert "to be read by a person" in wrong


def test_nothing_hidden_is_shown(returned):
    for student in ("right", "wrong", "cut"):
        page = html(returned, student)
        assert "hidden=True" not in unescape(page)
        assert "HIDDEN TESTS" not in page
        assert "check(" not in text(returned, student)


def test_a_hidden_failure_shows_no_values():
    message = "f.x: failed on a hidden case, seed 7 (tall)\n  the result has wrong values.\n  hint: look"
    check = {"check": "f.x", "status": "failed", "message": message, "hint": "look", "hidden": True}
    verdict = {"status": "failed", "message": message, "checks": [check], "score": 0.0}
    cell = nbformat.v4.new_code_cell('check(f, "f.x", hidden=True)')
    cell.metadata = {"course": verdict, "nbgrader": {"grade": True, "grade_id": "a", "locked": True}}
    about = {"assignment": "a", "student": "s", "score": 0, "max_score": 1}
    page = page_of(nbformat.v4.new_notebook(cells=[cell]), nbformat.NotebookNode(about))
    [row] = page["sections"][0].blocks[0]["rows"]
    assert (row["place"], row["message"]) == (
        "On a hidden case, seed 7 (tall)",
        "the result has wrong values.",
    )
    assert (row["what"], row["hint"]) == ("f.x, on random arrays", "look")


def test_a_file_that_could_not_be_read_says_so_once(returned):
    assert text(returned, "cut").count("cut off; upload it again") == 1


def test_nothing_of_a_student_s_becomes_markup(returned):
    page = html(returned, "wrong")
    assert "<script" not in page
    assert "onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
    assert "evil.example" not in page
    assert "<strong>answer</strong>" in page
    assert 'src="data:image/png;base64,' in page


def test_links_that_run_code_are_harmless():
    assert "javascript" not in pages.markdown("[x](javascript:alert(1))")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("student", ["right", "wrong", "cut"])
def test_in_a_browser(returned, require, student, scheme):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    executable = require("chromium")
    address = (returned / "feedback" / student / forge.NAME / f"{forge.NAME}.html").as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        # axe itself is a script, which the page's own policy would stop
        context = browser.new_context(
            viewport={"width": 390, "height": 800}, color_scheme=scheme, bypass_csp=True
        )
        page, asked, errors = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(address)
        assert [url for url in asked if not url.startswith("data:")] == [address]
        assert errors == []
        assert page.title().endswith("feedback")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
        browser.close()
