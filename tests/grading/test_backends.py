"""The same scores on a Dask cluster that loses a worker, and in a PostgreSQL gradebook."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import forge
import pytest

from course_lib.grading.course import Course, CourseError
from course_lib.grading.limits import Limits
from course_lib.grading.pools import cluster

pytestmark = pytest.mark.slow
QUICK = Limits(cell_seconds=10, check_seconds=10, submission_seconds=60)


@pytest.fixture(autouse=True)
def _jailed(require):
    require("bwrap")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "still not so after waiting"
        time.sleep(0.1)


# ---------------------------------------------------------------- Dask


@contextlib.contextmanager
def started(*arguments):
    """A program of the environment, ended with everything it started."""
    process = subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dask_cluster_gives_the_same_scores_and_survives_the_loss_of_a_worker(root, tmp_path):
    slow = "import time\ntime.sleep(0.5)\nraise NotImplementedError"
    for i in range(8):
        forge.hand_in(root, f"s{i}", forge.submission({"corr2d": slow}, keep=("output_size",)))
    forge.hand_in(root, "s8", forge.source_notebook())
    address = f"tcp://127.0.0.1:{free_port()}"
    scheduler = (
        "distributed.cli.dask_scheduler",
        "--port",
        address.rsplit(":")[-1],
        "--no-dashboard",
        "--host",
        "127.0.0.1",
    )
    worker = ("distributed.cli.dask_worker", address, "--nthreads", 1, "--no-nanny", "--no-dashboard")
    with (
        started(*scheduler),
        started(*worker, "--local-directory", tmp_path / "a") as first,
        started(*worker, "--local-directory", tmp_path / "b"),
    ):
        command = [
            sys.executable,
            "-m",
            "course_lib.grading.cli",
            "--root",
            str(root),
            "autograde",
            forge.NAME,
        ]
        wait_for(lambda: workers_of(address) == 2)
        with subprocess.Popen(
            [*command, "--scheduler", address, "--seed", "5"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as grader:
            students = root / ".grading" / forge.NAME / "students"
            wait_for(lambda: len(list(students.glob("*.json"))) >= 2 or grader.poll() is not None)
            os.killpg(first.pid, 9)
            output, _ = grader.communicate(timeout=180)
        assert grader.returncode == 0, output[-2000:]
        assert workers_of(address) == 1
    assert {f"s{i}": forge.total(root, f"s{i}") for i in range(9)} == {
        **{f"s{i}": 12.0 for i in range(8)},
        "s8": 100.0,
    }


def workers_of(address):
    """How many workers a scheduler has; 0 while it does not answer."""
    program = (
        "import sys\nfrom distributed import Client\n"
        "with Client(sys.argv[1], timeout='5s') as c:\n    print(len(c.scheduler_info(n_workers=-1)['workers']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, address], capture_output=True, text=True, check=False
    )
    return int(done.stdout) if done.returncode == 0 else 0


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    import distributed

    def refuse(*arguments, **options):
        raise OSError("refused")

    monkeypatch.setattr(distributed, "Client", refuse)
    with (
        pytest.raises(CourseError, match="no Dask scheduler answers at tcp://127.0.0.1:1"),
        cluster("tcp://127.0.0.1:1"),
    ):
        pass


# ---------------------------------------------------------------- PostgreSQL


def postgres_programs():
    """Folder of initdb and pg_ctl; skip without it, or fail under COURSE_REQUIRE_ALL=1."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if folders:
        return folders[-1].parent
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    message = "PostgreSQL is missing; install it with: sudo apt-get install postgresql"
    if os.environ.get("COURSE_REQUIRE_ALL") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture
def database():
    """A server of its own on a socket in a temporary folder; yields its URL."""
    programs = postgres_programs()
    # PostgreSQL refuses to run as root, and a nobody must be able to reach the folder.
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    as_nobody = (
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    )
    if as_nobody:
        os.chown(folder, 65534, 65534)
    port = free_port()

    def run(name, *arguments):
        subprocess.run(
            [*as_nobody, programs / name, *map(str, arguments)],
            cwd="/tmp",
            check=True,
            capture_output=True,
            timeout=90,
        )

    try:
        run("initdb", "-D", folder / "data", "-U", "course", "-A", "trust", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "start")
        run("createdb", "-h", "127.0.0.1", "-p", port, "-U", "course", "gradebook")
        yield f"postgresql://course@127.0.0.1:{port}/gradebook"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def test_a_gradebook_in_postgresql_holds_the_same_scores(database, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DB_URL", database)
    root = forge.make_course(tmp_path / "course")
    forge.hand_in(root, "ada", forge.source_notebook())
    forge.hand_in(root, "ben", forge.submission({}, keep=("output_size",)))
    forge.hand_in(root, "cut", "{")
    done = forge.course_process(root, "autograde", forge.NAME, "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert not (root / "gradebook.db").exists()
    monkeypatch.setattr(Course, "limits", QUICK)
    from nbgrader.api import Gradebook

    with Gradebook(database.replace("://", "+psycopg2://"), "cnn") as gradebook:
        scores = {name: gradebook.find_submission(forge.NAME, name).score for name in ("ada", "ben", "cut")}
        review = gradebook.find_submission(forge.NAME, "cut").needs_manual_grade
    assert scores == {"ada": 100.0, "ben": 12.0, "cut": 0.0}
    assert review
    monkeypatch.setenv("COURSE_DB_URL", database.replace("course@", "nobody@"))
    done = forge.course(root, "export")
    assert done.exit_code == 2
    assert "the gradebook cannot be used" in done.stderr
    monkeypatch.setenv("COURSE_DB_URL", database)
    again = forge.course_process(root, "autograde", forge.NAME)
    assert "3 of them unchanged" in again.stdout
