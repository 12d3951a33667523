"""One worker process, its far side played by small scripts that answer, lie, die or keep silent."""

import mmap
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from course_lib.grading import jail, process, seccomp
from course_lib.grading.limits import Limits
from course_lib.grading.process import Process, WorkerLost, resident_memory

LIMITS = Limits(memory_mb=4096, reply_mb=1)
# What every script begins with: frames read and written as the worker does, and the hello that a start expects.
FAR_SIDE = """
import json, os, signal, struct, sys, time
def receive():
    header = json.loads(sys.stdin.buffer.read(struct.unpack('>I', sys.stdin.buffer.read(4))[0]))
    return header, [sys.stdin.buffer.read(size) for size in header['blobs']]
def send(header, blobs=()):
    data = json.dumps({**header, 'blobs': [len(b) for b in blobs]}).encode()
    sys.stdout.buffer.write(struct.pack('>I', len(data)) + data + b''.join(blobs))
    sys.stdout.buffer.flush()
limits, _ = receive()
"""
HELLO = "send({'ready': True, 'id': limits['id']})\n"
ASKED = HELLO + "request, blobs = receive()\n"


@pytest.fixture
def started(monkeypatch):
    """Start a process whose far side is a script; every one is ended with the test."""
    processes = []

    def start(script, unsafe=False):
        command = [sys.executable, "-I", "-S", "-c", FAR_SIDE + script]
        monkeypatch.setattr(jail, "command", lambda path, **options: command)
        monkeypatch.setattr(jail, "unsafe_command", lambda path: command)
        processes.append(Process(LIMITS, jail.NUMPY, unsafe))
        return processes[-1]

    yield start
    for each in processes:
        each.kill()


def lost(far, seconds=30.0, values=None):
    """How an exchange fails."""
    with pytest.raises(WorkerLost) as caught:
        far.exchange({"do": "call"}, seconds, values)
    assert far._popen.poll() is not None  # it has been ended
    return caught.value.status, caught.value.message


def test_the_command_is_the_jail_s_unless_it_is_to_be_unsafe(monkeypatch):
    asked = {}
    monkeypatch.setattr(
        jail, "command", lambda path, **options: asked.update(options) or [sys.executable, "-c", ""]
    )
    with pytest.raises(jail.JailError, match="closed the connection"):
        Process(LIMITS, ("numpy", "torch"))
    assert asked == {"libraries": ("numpy", "torch"), "limits": LIMITS, "calls": asked["calls"]}
    assert (asked["calls"] is None) is (seccomp.program() == b"")  # a file with the refused system calls


def test_a_request_goes_out_and_its_reply_comes_back(started):
    far = started(
        ASKED + "send({'id': request['id'], 'got': request['do'], 'limits': limits}, [*blobs, b'xyz'])"
    )
    header, blobs = far.exchange({"do": "call"}, 30, {"args": [np.arange(100_000)], "kwargs": {}})
    assert header["got"] == "call"
    assert (header["limits"]["memory_mb"], header["limits"]["unsafe"]) == (4096, False)
    assert len(blobs[0]) > 8 * 100_000  # more than a pipe holds, both ways
    assert blobs[1] == b"xyz"


def test_a_process_without_a_jail_works_in_a_folder_that_goes_with_it(started, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    far = started(
        ASKED + "send({'id': request['id'], 'where': os.getcwd(), 'unsafe': limits['unsafe']})", unsafe=True
    )
    header, _ = far.exchange({}, 30)
    assert header["unsafe"] is True
    assert [str(path) for path in tmp_path.iterdir()] == [header["where"]]
    far.kill()
    assert list(tmp_path.iterdir()) == []
    far.kill()  # a second time harms nothing


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print('no namespaces here', file=sys.stderr)\nsys.exit(1)", "did not start: no namespaces here"),
        ("sys.exit(1)", r"did not start: the submission ended its own process \(code 1\)"),
        ("send({'ready': 'yes', 'id': limits['id']})", "its first reply was not understood"),
        ("send({'ready': True, 'id': 1})", "a reply to a question that was not asked"),
    ],
)
def test_a_jail_that_does_not_start_says_why(started, script, words):
    with pytest.raises(jail.JailError, match=words):
        started(script)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("send({'id': 1})", "a reply to a question that was not asked"),
        (
            "sys.stdout.buffer.write(struct.pack('>I', 1 << 30))\nsys.stdout.flush()\ntime.sleep(60)",
            "header is too long",
        ),
        ("sys.stdout.buffer.write(struct.pack('>I', 2) + b'no')", "not JSON"),
        (
            "data = b'{\"blobs\": [2000000]}'\nsys.stdout.buffer.write(struct.pack('>I', len(data)) + data)",
            "more bytes",
        ),
    ],
)
def test_a_reply_that_does_not_keep_to_the_format_ends_the_process(started, script, words):
    status, message = lost(started(ASKED + script))
    assert status == "unreadable"
    assert message.startswith("the submission sent a reply")
    assert words in message


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        ("sys.exit(3)", "crashed", "(code 3)"),
        ("os._exit(0)", "crashed", "(it closed the connection or called exit)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "crashed", "(it was killed)"),
        ("os._exit(128 + 9)", "crashed", "(it was killed)"),
        ("os._exit(128 + 11)", "crashed", "(segmentation fault)"),
        ("os._exit(128 + signal.SIGXCPU)", "timeout", "used up its processor time"),
        (
            "signal.signal(signal.SIGXCPU, signal.SIG_DFL)\nos.kill(os.getpid(), signal.SIGXCPU)",
            "timeout",
            "processor",
        ),
        ("sys.stdout.buffer.write(b'12')\nsys.stdout.flush()\nos._exit(5)", "crashed", "(code 5)"),
    ],
)
def test_the_end_of_a_process_is_explained(started, script, status, words):
    got, message = lost(started(ASKED + script))
    assert got == status
    assert words in message


def test_a_process_that_has_ended_cannot_be_written_to(started):
    far = started(HELLO + "os.close(0)\nsys.stderr.close()\nos._exit(4)")
    far._popen.wait()
    status, message = lost(far, values={"args": [np.zeros(300_000)], "kwargs": {}})
    assert (status, "code 4" in message) == ("crashed", True)


def test_a_process_that_hangs_up_and_lives_on_is_ended(started, monkeypatch):
    far = started(ASKED + "os.close(1)\ntime.sleep(60)")
    monkeypatch.setattr(far._popen, "wait", impatient(far._popen.wait))
    assert lost(far) == (
        "crashed",
        "the submission ended its own process (it closed the connection or called exit)",
    )


def impatient(wait):
    """Wait for what has been ended; give up on the rest at once."""
    return lambda timeout=None: wait(timeout if timeout is None else 0.01)


def test_silence_ends_with_the_deadline(started):
    assert lost(started(ASKED + "time.sleep(60)"), seconds=0.2) == (
        "timeout",
        "the submission did not answer in time and was stopped",
    )


def test_a_request_that_is_never_read_ends_with_the_deadline(started):
    far = started(HELLO + "time.sleep(60)")
    status, _ = lost(far, seconds=0.2, values={"args": [np.zeros(300_000)], "kwargs": {}})
    assert status == "timeout"


def test_memory_is_watched_while_the_process_keeps_us_waiting(started, monkeypatch):
    far = started(ASKED + "time.sleep(60)")
    looked_at = []
    monkeypatch.setattr(process, "resident_memory", lambda pid: looked_at.append(pid) or 5 << 30)
    assert lost(far) == ("memory", "the submission used more than 4096 MB")
    assert looked_at == [far._popen.pid]


@pytest.mark.parametrize("name", ["read", "write"])
def test_a_pipe_that_was_not_ready_after_all_is_tried_again(started, monkeypatch, name):
    far = started(ASKED + "send({'id': request['id']})")
    whole, refused = getattr(os, name), []

    def reluctant(*arguments):
        if not refused:
            refused.append(name)
            raise BlockingIOError
        return whole(*arguments)

    monkeypatch.setattr(process.os, name, reluctant)
    assert far.exchange({}, 30)[0]["blobs"] == []
    assert refused == [name]


def test_resident_memory_counts_children():
    assert resident_memory(2**22 + 1) == 0
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as child:
        together = resident_memory(os.getpid())
        alone = int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE
        assert together - alone > resident_memory(child.pid) / 2 > 0
        child.kill()
