"""What the jail shows and allows, asked from the inside."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

import forge
import numpy as np
import pytest

from course_lib.grading import jail
from course_lib.grading.engine import CallFailed, InputChanged
from course_lib.grading.limits import Limits
from course_lib.grading.process import Process
from course_lib.grading.proxy import Worker
from course_lib.grading.scoring import TORCH_MEMORY_MB

pytestmark = pytest.mark.usefixtures("bwrap")
SMALL = Limits(cell_seconds=4, check_seconds=2, submission_seconds=30, memory_mb=700, file_mb=8)


@pytest.fixture(scope="module", name="bwrap")
def bwrap_fixture(require):
    return require("bwrap")


def worker(source, limits=SMALL):
    return Worker([("answer", source)], limits=limits)


def ask(source, name="f", *args, limits=SMALL):
    """Run a cell in the jail and return what its function returns."""
    with worker(source, limits) as inside:
        return inside.function(name)(*args)


# ---------------------------------------------------------------- what works for honest work


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6, dtype=np.float32).reshape(2, 3).T,
        np.array(2.5),
        np.zeros((0, 3), dtype=np.int16),
        np.array([True, False]),
        np.array([1 + 2j]),
        3,
        -(2**70),
        0.1,
        float("inf"),
        True,
        None,
        "text",
        (1, np.ones(2), "x"),
        [1.5, None],
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_as_they_went(value):
    got = ask("def f(x):\n    return x", "f", value)
    assert type(got) is type(value)
    np.testing.assert_equal(got, value)
    if isinstance(value, np.ndarray):
        assert got.dtype == value.dtype
        assert got.shape == value.shape


def test_a_changed_input_is_reported_by_number():
    with pytest.raises(InputChanged) as caught:
        ask("def f(a, b):\n    b += 1\n    return b", "f", np.zeros(2), np.zeros(2))
    assert caught.value.which == 1


def test_prints_warnings_and_figures_come_out_and_harm_nothing():
    source = (
        "import warnings\nprint('one')\nwarnings.warn('two')\n"
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n%matplotlib inline\n"
        "def f():\n    print('three')\n    return 4\n4 + 1\n"
    )
    with worker(source, Limits(memory_mb=2048)) as inside:
        assert inside.function("f")() == 4
        (run,) = inside.runs
    assert run.status == "ok"
    text = "".join(o.get("text", "") for o in run.outputs)
    assert "one" in text
    assert "two" in text
    assert "three" not in text  # printed during a check, where it could show the inputs
    kinds = [kind for o in run.outputs for kind in o.get("data", {})]
    assert kinds == ["text/plain", "image/png"]


def test_an_exception_is_told_with_its_line_unless_the_case_is_hidden():
    source = "def f(x):\n    y = x + 1\n    raise ValueError(f'saw {x}')"
    with worker(source) as inside:
        with pytest.raises(CallFailed) as caught:
            inside.function("f")(41)
        assert caught.value.status == "crashed"
        assert "f raised ValueError: saw 41" in caught.value.message
        assert "in line 3 of f" in caught.value.message
        with pytest.raises(CallFailed) as caught:
            inside.function("f", hidden=True)(41)
        assert caught.value.message == "f raised ValueError."


def test_a_function_that_does_not_exist_is_explained_by_the_cell_that_failed():
    with pytest.raises(CallFailed) as caught:
        ask("import nothing_of_that_name\ndef f():\n    return 1")
    assert caught.value.status == "crashed"
    assert "ModuleNotFoundError" in caught.value.message
    with pytest.raises(CallFailed) as caught:
        ask("def g():\n    return 1")
    assert caught.value.status == "failed"
    assert "deleted, or the function renamed" in caught.value.message


def test_after_a_crash_the_next_call_gets_a_fresh_process():
    source = "import os\ndef f(x):\n    if x:\n        os._exit(1)\n    return 'alive'"
    with worker(source) as inside:
        with pytest.raises(CallFailed) as caught:
            inside.function("f")(True)
        assert caught.value.status == "crashed"
        assert inside.function("f")(False) == "alive"


# ---------------------------------------------------------------- what cannot be seen


def test_nobody_runs_it_and_it_has_no_rights():
    source = (
        "import os\ndef f():\n"
        "    status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "    return os.getuid(), os.getgid(), status['CapEff'].strip(), status['NoNewPrivs'].strip()"
    )
    user, group, rights, locked = ask(source)
    assert user != 0
    assert group != 0
    assert int(rights, 16) == 0
    assert locked == "1"


@pytest.mark.parametrize(
    "module", ["torch", "torchvision", "scipy", "sklearn", "course_lib.functional", "nbgrader"]
)
def test_modules_that_would_give_the_answer_cannot_be_imported(module):
    source = f"def f():\n    try:\n        import {module}\n    except ImportError:\n        return 'no'\n    return 'yes'"
    assert ask(source) == "no"


def test_an_assignment_for_torch_gets_torch_and_no_finished_models():
    source = (
        "import torch\ndef f(x):\n    return torch.tensor(x).mul(2)\ndef g(name):\n    try:\n"
        "        __import__(name)\n    except ImportError:\n        return 'no'\n    return 'yes'"
    )
    limits = Limits(memory_mb=TORCH_MEMORY_MB)
    with Worker([("a", source)], libraries=jail.NUMPY + jail.TORCH, limits=limits) as inside:
        np.testing.assert_array_equal(inside.function("f")(np.ones(2)), np.full(2, 2.0))
        for name in ("torchvision", "torchvision.models", "course_lib.models", "sklearn"):
            assert inside.function("g")(name) == "no"


def test_no_file_of_the_host_can_be_found():
    source = (
        "import os\ndef f():\n    found = []\n"
        "    for folder, names, files in os.walk('/'):\n"
        "        if folder in ('/proc', '/usr', '/python', '/dev', '/packages'):\n"
        "            names.clear()\n            continue\n"
        "        found += [os.path.join(folder, n) for n in files]\n"
        "    return '\\n'.join(found)[:9000]"
    )
    found = [path for path in ask(source).splitlines() if not path.startswith("/tmp/matplotlib/fontlist")]
    assert sorted(found) in (["/etc/ld.so.cache", "/worker.py"], ["/worker.py"])
    probe = "import os\ndef f(path):\n    return os.path.exists(path)"
    with worker(probe) as inside:
        for path in (
            forge.ROOT,
            forge.ROOT / "course_lib",
            forge.ROOT / "assignments",
            os.path.expanduser("~"),
        ):
            assert inside.function("f")(str(path)) is False, path


def test_only_its_own_processes_are_visible():
    source = (
        "import os\ndef f():\n    seen = []\n    for n in os.listdir('/proc'):\n        if n.isdecimal():\n"
        "            seen.append(open(f'/proc/{n}/cmdline').read())\n    return ' '.join(seen)"
    )
    text = ask(source)
    assert "/worker.py" in text
    assert "pytest" not in text


def test_no_network_not_even_this_machine():
    server = socket.create_server(("127.0.0.1", 0))
    source = (
        "import socket\ndef f(port):\n    try:\n        socket.create_connection(('127.0.0.1', port), 1)\n"
        "    except OSError as error:\n        return type(error).__name__\n    return 'connected'"
    )
    with server:
        assert ask(source, "f", server.getsockname()[1]) in ("ConnectionRefusedError", "OSError")
    source = "import socket\ndef f():\n    return [name for _, name in socket.if_nameindex()]"
    assert ask(source) == ["lo"]


# ---------------------------------------------------------------- what cannot be done


@pytest.mark.parametrize(
    "path", ["/usr/x", "/python/x", "/packages/x", "/packages/numpy/x", "/x", "/dev/x", "/proc/x"]
)
def test_the_system_is_read_only(path):
    source = "def f(path):\n    try:\n        open(path, 'w')\n    except OSError:\n        return 'no'\n    return 'yes'"
    assert ask(source, "f", path) == "no"


def test_processes_are_limited_for_real():
    source = (
        "import os, time\ndef f():\n    n = 0\n    try:\n        while os.fork():\n            n += 1\n"
        "        time.sleep(60)\n    except OSError:\n        return n"
    )
    assert 0 < ask(source) < SMALL.processes


def test_memory_of_one_process_is_limited():
    with pytest.raises(CallFailed) as caught:
        ask("import numpy as np\ndef f():\n    return np.ones((1 << 30,)).sum()")
    assert caught.value.status == "memory"


def test_memory_of_all_processes_together_is_limited():
    source = (
        "import os, time\nimport numpy as np\ndef f():\n    for _ in range(4):\n        if not os.fork():\n"
        "            keep = np.ones(50 << 20)\n            time.sleep(60)\n    time.sleep(60)"
    )
    with pytest.raises(CallFailed) as caught:
        ask(source, limits=Limits(check_seconds=20, memory_mb=700))
    assert caught.value.status == "memory"


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_disk_is_limited(folder):
    source = (
        "def f(folder):\n    written = 0\n    try:\n        for i in range(100):\n"
        "            with open(f'{folder}/{i}', 'wb') as file:\n                written += file.write(bytes(1 << 20))\n"
        "    except OSError:\n        pass\n    return written >> 20"
    )
    assert ask(source, "f", folder) <= SMALL.file_mb


def test_limits_cannot_be_raised():
    source = (
        "import resource\ndef f():\n    for name in ('RLIMIT_AS', 'RLIMIT_NPROC', 'RLIMIT_FSIZE', 'RLIMIT_CPU'):\n"
        "        try:\n            resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY,) * 2)\n"
        "        except (ValueError, OSError):\n            continue\n        return name\n    return 'none'"
    )
    assert ask(source) == "none"


@pytest.mark.parametrize(
    "body",
    [
        "    while True:\n        pass",
        "    import time\n    time.sleep(3600)",
        "    while True:\n        try:\n            while True:\n                pass\n"
        "        except BaseException:\n            pass",
        "    import signal\n    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n    while True:\n        pass",
        "    import os, signal\n    os.kill(os.getpid(), signal.SIGSTOP)",
    ],
    ids=["loop", "sleep", "catches", "ignores", "stops"],
)
def test_time_is_limited(body):
    with pytest.raises(CallFailed) as caught:
        ask(f"def f():\n{body}")
    assert caught.value.status == "timeout"
    assert "did not finish within 2 s" in caught.value.message


# ---------------------------------------------------------------- what is left behind


def test_a_daemon_dies_with_its_submission():
    marker = f"left-behind-{os.getpid()}"
    source = (
        "import os, sys, time\ndef f(marker):\n    if not os.fork():\n        os.setsid()\n        if not os.fork():\n"
        "            os.closerange(0, 64)\n"
        "            os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)', marker])\n"
        "        os._exit(0)\n    time.sleep(0.5)\n    return 1"
    )
    with worker(source) as inside:
        assert inside.function("f")(marker) == 1
        assert forge.processes_with(marker)
    wait_for(lambda: not forge.processes_with(marker))


def test_everything_dies_when_the_grader_is_killed():
    marker = f"orphan-{os.getpid()}"
    program = (
        "import os, sys\nfrom course_lib.grading.proxy import Worker\n"
        f"w = Worker([('a', 'import os, sys\\nif not os.fork():\\n    os.execv(sys.executable, [sys.executable, "
        f'"-c", "import time; time.sleep(600)", "{marker}"])\')])\n'
        "w.start()\nprint('ready', flush=True)\nimport time; time.sleep(600)\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    with grader:
        assert grader.stdout.readline() == b"ready\n"
        wait_for(lambda: len(forge.processes_with(marker)) > 1)
        grader.kill()
    wait_for(lambda: not forge.processes_with(marker))


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "still not so after waiting"
        time.sleep(0.05)


# ---------------------------------------------------------------- when there is no jail


def test_without_bubblewrap_it_refuses_and_says_how_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    jail.find_bwrap.cache_clear()
    try:
        with pytest.raises(jail.JailError, match="apt-get install bubblewrap"):
            jail.command("worker.py")
    finally:
        jail.find_bwrap.cache_clear()


def test_a_bubblewrap_that_fails_is_named(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text(
        "#!/bin/sh\n[ $1 = --version ] && echo bubblewrap 0.9.0 && exit\necho no namespaces >&2\nexit 1\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    jail.find_bwrap.cache_clear()
    try:
        with pytest.raises(jail.JailError, match="no namespaces"):
            Process(SMALL, jail.NUMPY)
    finally:
        jail.find_bwrap.cache_clear()


def test_the_unsafe_way_works_and_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with Worker([("a", "def f(x):\n    open('left', 'w').close()\n    return x + 1")], unsafe=True) as inside:
        assert inside.function("f")(1) == 2
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_workers_side_by_side_do_not_share_their_process_limit():
    source = "import threading, time\nfor _ in range(5):\n    threading.Thread(target=time.sleep, args=(2,)).start()\n"
    source += "def f():\n    return 'ran'"
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(source))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["ran"] * 4
