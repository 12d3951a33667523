"""nbgrader's formgrader in a real browser: the same scores, the messages, points by hand, the feedback."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import forge
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.jail, pytest.mark.slow]

FLIP = "def flip_kernel(k):\n    return k[::-1]\n\n\ndef convolve2d(x, k):\n    return corr2d(x, k)\n"
REST = ("corr2d", "output_size", "conv2d", "edge_filters", "written_answer")
PATIENCE = 120  # seconds; only a broken page takes so long
MILLISECONDS = 1000 * PATIENCE


@pytest.fixture(scope="module")
def graded(released, tmp_path_factory, require):
    """A course of two, graded."""
    require("bwrap")
    require("chromium")
    root = shutil.copytree(released, tmp_path_factory.mktemp("formgrader") / "course")
    forge.hand_in(root, "ada", forge.source_notebook())
    forge.hand_in(root, "ben", forge.submission({"flip_kernel": FLIP}, keep=REST))
    done = forge.course_process(root, "autograde", forge.NAME)
    assert done.returncode == 0, done.stderr
    return root


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address, server, log):
    """Wait until the server answers; say why when it does not."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    return pytest.fail(f"the server did not start:\n{log.read_text()[-2000:]}", pytrace=False)


@pytest.fixture(scope="module")
def address(graded, tmp_path_factory):
    """Formgrader's address, on a Jupyter server of its own that is gone afterwards."""
    home, port = tmp_path_factory.mktemp("home"), free_port()
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home), "IPYTHONDIR": str(home)}
    environment |= {"PATH": os.pathsep.join([scripts, os.environ["PATH"]]), "JUPYTER_RUNTIME_DIR": str(home)}
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={graded}"]
    command += ["--IdentityProvider.token="]
    log = home / "server.log"
    with open(log, "w") as words:
        server = subprocess.Popen(
            command, cwd=graded, env=environment, stdout=words, stderr=words, start_new_session=True
        )
        try:
            home_page = f"http://127.0.0.1:{port}/formgrader"
            assert wait_for(home_page, server, log) == 200
            yield home_page
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@pytest.fixture
def page(address, require):
    """A page of a browser that reaches nothing but the server."""
    from playwright.sync_api import sync_playwright

    home = address.removesuffix("/formgrader")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require("chromium"), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.set_default_timeout(MILLISECONDS)
        inside = ("data:", "blob:", "file:", home)
        tab.context.route("**/*", lambda r: r.continue_() if r.request.url.startswith(inside) else r.abort())
        yield tab
        browser.close()


def open_submission(page, address, student):
    """Go to a student's notebook as an instructor does, by the link in the list."""
    page.goto(f"{address}/manage_students/{student}/{forge.NAME}")
    page.locator("table tbody a").first.click()
    # the scores arrive after the page; a written answer has none yet, but its box for extra credit is filled
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        "(boxes => boxes.length > 0 && boxes.every(box => box.placeholder !== ''))"
        "([...document.querySelectorAll('input.extra-credit')])"
    )


def test_the_list_shows_the_gradebook_s_scores(graded, page, address):
    page.goto(f"{address}/manage_submissions/{forge.NAME}")
    page.wait_for_selector("tr:has-text('ada')")
    for student in ("ada", "ben"):
        points = forge.total(graded, student)
        row = page.locator(f"table tbody tr:has-text('{student}')").inner_text()
        assert f"{points:g} / 110" in row
    assert forge.total(graded, "ben") == 88.0


def test_a_submission_shows_the_messages(page, address):
    open_submission(page, address, "ben")
    page.wait_for_function("document.body.innerText.includes('only the rows are reversed')")
    assert "the first at index [0, 0]: expected 4, got 3" in page.inner_text("body")


def test_points_given_by_hand_reach_the_gradebook_and_the_feedback(graded, page, address):
    open_submission(page, address, "ada")
    box = page.locator("input.score").last  # the written answer stands last
    with page.expect_response(lambda answer: "/api/grade" in answer.url and answer.request.method == "PUT"):
        box.fill("7")
        box.blur()
    page.goto(f"{address}/manage_submissions/{forge.NAME}")
    row = page.locator("table tbody tr:has-text('ada')")
    row.wait_for()
    assert "107 / 110" in row.inner_text()
    with page.expect_response(lambda answer: "/generate_feedback" in answer.url):
        row.locator(".generate-feedback a").click()
    feedback = graded / "feedback" / "ada" / forge.NAME / f"{forge.NAME}.html"
    page.goto(feedback.as_uri()) if feedback.is_file() else pytest.fail("formgrader wrote no feedback")
    assert "107 of 110 points (7 of them given by a person)" in page.inner_text("body")
