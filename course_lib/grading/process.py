"""One worker process: its pipes, its deadlines, its memory, and its certain end."""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
import selectors
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from course_lib.grading import jail, seccomp
from course_lib.grading.limits import MEGABYTE, Limits
from course_lib.grading.protocol import HEADER_LIMIT, Unreadable, encode_request, parse_header

SCRIPT = Path(__file__).with_name("worker.py")
WATCH = 0.1  # seconds between two looks at the memory of a worker that keeps us waiting
START_SECONDS = 30.0


class WorkerLost(Exception):  # noqa: N818
    """The process is gone or has been killed; ``status`` is timeout, memory, crashed or unreadable."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Process:
    """A started worker. `exchange` sends one request and returns its reply; `kill` ends everything in it.

    Parameters
    ----------
    limits : Limits
        What the submission may use.
    libraries : tuple of str
        Packages that can be imported inside.
    unsafe : bool
        Run without a jail.

    Raises
    ------
    JailError
        If the jail cannot be started.
    """

    def __init__(self, limits: Limits, libraries: tuple[str, ...], unsafe: bool = False) -> None:
        self.limits = limits
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._words = ""
        self._folder = tempfile.TemporaryDirectory(prefix="course-") if unsafe else None
        self._popen = self._start(libraries, unsafe)
        for pipe in (self._popen.stdin, self._popen.stdout):
            os.set_blocking(pipe.fileno(), False)
        try:
            reply, _ = self.exchange({**limits.as_request(), "unsafe": unsafe}, START_SECONDS)
        except WorkerLost as error:
            raise jail.JailError(f"the jail did not start: {self._words or error.message}") from None
        if reply.get("ready") is not True:
            self.kill()
            raise jail.JailError("the jail did not start: its first reply was not understood")

    def _start(self, libraries: tuple[str, ...], unsafe: bool) -> subprocess.Popen:
        with tempfile.TemporaryFile() as calls:
            calls.write(seccomp.program())
            calls.seek(0)
            number = calls.fileno() if seccomp.program() and not unsafe else None
            command = (
                jail.unsafe_command(str(SCRIPT))
                if unsafe
                else jail.command(str(SCRIPT), libraries=libraries, limits=self.limits, calls=number)
            )
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,
                env={**jail.environment(""), "PATH": os.environ.get("PATH", "")},
                cwd=self._folder.name if self._folder else "/",
                pass_fds=() if number is None else (number,),
            )

    def _last_words(self) -> str:
        self._errors.seek(0)
        return self._errors.read(2000).decode("utf-8", "replace").strip()

    def exchange(self, header: dict, seconds: float, values: dict | None = None) -> tuple[dict, list[bytes]]:
        """Send a request, with values where it calls a function, and return the reply's header and blobs.

        Raises
        ------
        WorkerLost
            If no right reply came in time; the process has been killed then.
        """
        deadline = time.monotonic() + seconds
        number = secrets.randbits(62)
        try:
            self._write(encode_request({**header, "id": number}, values), deadline)
            (length,) = struct.unpack(">I", self._read(4, deadline))
            if length > HEADER_LIMIT:
                raise Unreadable("a reply whose header is too long")
            reply, sizes = parse_header(self._read(length, deadline), self.limits.reply_mb * MEGABYTE)
            if reply.get("id") != number:
                raise Unreadable("a reply to a question that was not asked")
            return reply, [self._read(size, deadline) for size in sizes]
        except Unreadable as error:
            self.kill()
            raise WorkerLost("unreadable", f"the submission sent {error}") from None
        except WorkerLost:
            self.kill()
            raise

    def _write(self, data: bytes, deadline: float) -> None:
        pipe, view = self._popen.stdin.fileno(), memoryview(data)
        while view:
            self._wait(pipe, selectors.EVENT_WRITE, deadline)
            try:
                view = view[os.write(pipe, view[:65536]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._ended() from None

    def _read(self, count: int, deadline: float) -> bytes:
        pipe, parts, missing = self._popen.stdout.fileno(), [], count
        while missing:
            self._wait(pipe, selectors.EVENT_READ, deadline)
            try:
                part = os.read(pipe, min(missing, MEGABYTE))
            except BlockingIOError:
                continue
            if not part:
                raise self._ended()
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        """Wait until the pipe is ready, watching the clock and the memory."""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise WorkerLost("timeout", "the submission did not answer in time and was stopped")
                if selector.select(min(left, WATCH)):
                    return
                if resident_memory(self._popen.pid) > self.limits.memory_mb * MEGABYTE:
                    raise WorkerLost("memory", f"the submission used more than {self.limits.memory_mb} MB")

    def _ended(self) -> WorkerLost:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(2)
        code = self._popen.poll()
        code = (
            code - 128 if code is not None and code > 128 else code
        )  # bubblewrap reports signals like a shell
        known = {
            signal.SIGKILL: "it was killed",
            signal.SIGSEGV: "segmentation fault",
            signal.SIGXCPU: "CPU time",
        }
        if code in (signal.SIGXCPU, -signal.SIGXCPU):
            return WorkerLost("timeout", "the submission used up its processor time")
        reason = known.get(abs(code), f"code {code}") if code else "it closed the connection or called exit"
        return WorkerLost("crashed", f"the submission ended its own process ({reason})")

    def kill(self) -> None:
        """End every process of the submission; safe to call again."""
        if not self._errors.closed:
            self._words = self._last_words()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout, self._errors):
            with contextlib.suppress(OSError):
                pipe.close()
        if self._folder:
            self._folder.cleanup()
            self._folder = None


def resident_memory(pid: int) -> int:
    """Resident memory of a process and all its descendants, in bytes; 0 where /proc does not say."""
    total = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * mmap.PAGESIZE
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{task}/children").read_text().split()
            total += sum(resident_memory(int(child)) for child in children)
    return total
