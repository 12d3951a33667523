"""A submission as seen from outside: functions that can be called, and nothing else."""

from __future__ import annotations

import base64
import builtins
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.grading import jail
from course_lib.grading.engine import CallFailed, InputChanged
from course_lib.grading.limits import Limits
from course_lib.grading.process import Process, WorkerLost
from course_lib.grading.protocol import Unreadable, decode_value, text_of

GRACE = 3.0  # seconds between the worker's own alarm and its end
RESTARTS = 60  # a submission that kills more workers than this is not asked again
PNG_LIMIT, PNG_ROOM = 1 << 20, 8 << 20  # bytes of one figure, and of all figures of a submission
PNG = b"\x89PNG\r\n\x1a\n"
STATUSES = ("timeout", "memory", "error")


@dataclass
class CellRun:
    """What one cell did when it was executed.

    Attributes
    ----------
    status : str
        ``"ok"``, ``"error"``, ``"timeout"``, ``"memory"``, ``"crashed"`` or ``"unreadable"``.
    message : str
        Why it is not ok.
    outputs : list of dict
        Jupyter outputs.
    """

    status: str = "ok"
    message: str = ""
    outputs: list[dict] = field(default_factory=list)


class Worker:
    """The code cells of one submission, running in a jail; a context manager.

    The process starts with the first call and is started anew, with all cells executed again, after a call
    that took it down. A cell that takes it down is left out the next time.

    Parameters
    ----------
    cells : sequence of (str, str)
        A name for messages and the source of every code cell, in order.
    limits : Limits, optional
        What the submission may use.
    libraries : tuple of str, optional
        Packages that can be imported inside.
    unsafe : bool, default False
        Run without a jail.
    files : mapping from str to bytes, optional
        Name and content of what lies in the working folder when the cells run.
    """

    def __init__(
        self,
        cells: Sequence[tuple[str, str]],
        *,
        limits: Limits | None = None,
        libraries: tuple[str, ...] = jail.NUMPY + jail.PLOTTING,
        unsafe: bool = False,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        self.files = dict(files or {})
        self.cells, self.limits, self.libraries, self.unsafe = cells, limits or Limits(), libraries, unsafe
        self.runs: list[CellRun] = [CellRun() for _ in cells]
        self._skipped: set[int] = set()
        self._process: Process | None = None
        self._room = [PNG_ROOM]
        self.losses = 0  # processes that did not live to the end
        self._starts = 0
        self._used = False  # whether the process has answered a call
        self._deadline: float | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process of the submission."""
        if self._process:
            self._process.kill()
            self._process = None

    def function(self, name: str, *, hidden: bool = False) -> Callable[..., Any]:
        """A callable that calls the submission's function of that name.

        It raises `CallFailed`, `InputChanged` or `NotImplementedError`, as the engine asks for.
        With ``hidden`` no text of the submission's making stands in the message: it could hold the inputs.
        All its calls together get the limits' ``check_seconds``.
        """
        left = self.limits.check_seconds

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            self.start()
            if left <= 0:
                raise CallFailed("timeout", self._too_slow(name))
            began = time.monotonic()
            try:
                return self._call(name, args, kwargs, left, hidden)
            finally:
                left -= time.monotonic() - began

        return call

    def start(self) -> None:
        """Make sure that a process runs in which every cell has been executed."""
        while self._process is None:
            self._check_budget()
            self._starts += 1
            self._used = False
            self._process = self._new_process()
            self._put_files()
            for number, (name, source) in enumerate(self.cells):
                if number not in self._skipped and not self._run_cell(number, name, source):
                    break

    def _put_files(self) -> None:
        for name, content in self.files.items():
            array = np.frombuffer(content, dtype=np.uint8)
            try:
                self._exchange({"do": "file", "name": name}, self.limits.cell_seconds, {"args": [array]})
            except WorkerLost as error:
                raise CallFailed("unreadable", f"not run: {error.message}") from None

    def _new_process(self) -> Process:
        try:
            return Process(self.limits, self.libraries, self.unsafe)
        except jail.JailError as error:
            if self._starts == 1:
                raise
            raise CallFailed("unreadable", f"not run: {error}") from None

    def _check_budget(self) -> None:
        if self._deadline is None:
            self._deadline = time.monotonic() + self.limits.submission_seconds
        if time.monotonic() > self._deadline:
            text = f"not run: the submission had used up its {self.limits.submission_seconds:g} seconds"
            raise CallFailed("timeout", text)
        if self._starts > RESTARTS:
            raise CallFailed("crashed", f"not run: the submission had ended its process {RESTARTS} times")

    def _exchange(self, header: dict, seconds: float, values: dict | None = None) -> tuple[dict, list[bytes]]:
        self._check_budget()
        left = max(0.0, min(seconds, self._deadline - time.monotonic()))
        try:
            return self._process.exchange(header, left + GRACE, values)
        except WorkerLost:
            self._process = None
            self.losses += 1
            raise

    def _run_cell(self, number: int, name: str, source: str) -> bool:
        """Execute one cell; False when that took the process down."""
        run = CellRun()
        try:
            request = {"do": "cell", "name": name, "source": source}
            header, blobs = self._exchange(request, self.limits.cell_seconds)
        except WorkerLost as error:
            self._skipped.add(number)
            self.runs[number] = CellRun(error.status, error.message)
            return False
        run.outputs = _outputs(header.get("outputs"), blobs, self._room)
        failure = header.get("failure")
        if failure is not None:
            status = failure.get("status") if isinstance(failure, dict) else None
            run.status = status if status in STATUSES else "unreadable"
            run.message = self._explain(run.status, failure, "the cell")
            run.outputs.append(_stream("stderr", run.message + "\n"))
        self.runs[number] = run
        return True

    def _explain(self, status: str, failure: dict, subject: str) -> str:
        if status == "timeout":
            return f"{subject} did not finish within {self.limits.cell_seconds:g} s"
        if status == "unreadable":
            return f"{subject} gave an answer that could not be read"
        text = f"{subject} raised {text_of(failure, 'type', 80)}: {text_of(failure, 'message', 1000)}"
        line = failure.get("line")
        if type(line) is int and 0 < line < 10**6:
            where = text_of(failure, "where", 80)
            place = f" of {where}" if where.isidentifier() else ""
            text += f"\n    in line {line}{place}: {text_of(failure, 'source', 200)}"
        return text

    def _call(self, name: str, args: tuple, kwargs: dict, seconds: float, hidden: bool) -> Any:
        header, blobs = self._ask(name, {"args": list(args), "kwargs": kwargs}, seconds, hidden)
        failure = header.get("failure")
        if failure is not None:
            if isinstance(failure, dict) and failure.get("status") == "changed":
                raise InputChanged(_which(failure.get("which"), args, kwargs))
            self._raise(name, failure if isinstance(failure, dict) else {}, hidden)
        try:
            return decode_value(header.get("value"), blobs)
        except Unreadable as error:
            self.close()
            raise CallFailed("unreadable", f"{name} gave an answer that could not be read: {error}") from None

    def _ask(self, name: str, values: dict, seconds: float, hidden: bool) -> tuple[dict, list[bytes]]:
        """Put one call to the worker; once more to a fresh one when an earlier call may be what broke it."""
        request = {"do": "call", "function": name, "seconds": seconds}
        used, self._used = self._used, True
        try:
            return self._exchange(request, seconds, values)
        except WorkerLost as error:
            if used and error.status != "timeout":
                self.start()
                return self._ask(name, values, seconds, hidden)
            message = self._too_slow(name) if error.status == "timeout" else f"{name}: {error.message}"
            if hidden and error.status == "crashed":  # an exit code could spell out the input
                message = f"{name} ended its own process."
            raise CallFailed(error.status, message) from None

    def _raise(self, name: str, failure: dict, hidden: bool) -> None:
        status = failure.get("status")
        if status == "undefined":
            raise self._undefined(name)
        if status == "timeout":
            raise CallFailed("timeout", self._too_slow(name))
        if status == "memory":
            raise CallFailed(
                "memory", f"{name} asked for more than the {self.limits.memory_mb} MB it may use"
            )
        if status != "error":
            raise CallFailed("unreadable", f"{name} gave an answer that could not be read")
        kind = text_of(failure, "builtin", 80)
        if kind == "NotImplementedError":
            raise NotImplementedError
        if hidden:
            known = isinstance(getattr(builtins, kind, None), type) if kind in dir(builtins) else False
            raise CallFailed("crashed", f"{name} raised {kind if known else 'an exception'}.")
        text = self._explain("error", failure, name)
        missing = re.match(r"name '(\w+)' is not defined", text_of(failure, "message", 200))
        if kind == "NameError" and missing and (bad := self._failed_cells(missing[1])):
            cause = self.runs[bad[0]].message
            text += f"\n    The cell that was to define it did not run to its end: {cause}"
        raise CallFailed("crashed", text)

    def _too_slow(self, name: str) -> str:
        return f"{name} did not finish within {self.limits.check_seconds:g} s"

    def _undefined(self, name: str) -> CallFailed:
        """Why there is no such function: the cell that was to define it failed, or it was renamed."""
        bad = self._failed_cells(name) or [i for i, run in enumerate(self.runs) if run.status != "ok"]
        if not bad:
            return CallFailed(
                "failed", f"{name} is not defined; was its cell deleted, or the function renamed?"
            )
        run = self.runs[bad[0]]
        status = "crashed" if run.status == "error" else run.status
        return CallFailed(
            status, f"{name} is not defined, because a cell did not run to its end: {run.message}"
        )

    def _failed_cells(self, name: str) -> list[int]:
        """The cells that did not run to their end and were to define a name."""
        name, gap = re.escape(name), "[ \\t]"  # of one line: over blank lines the search would be quadratic
        pattern = re.compile(rf"^{gap}*((async{gap}+)?def|class){gap}+{name}\b|^{name}{gap}*=", re.M)
        bad = [i for i, run in enumerate(self.runs) if run.status != "ok"]
        return [i for i in bad if pattern.search(self.cells[i][1])]


def _which(told: Any, args: tuple, kwargs: dict) -> int | str:
    """The input that is said to have changed: one that was sent, or else the first."""
    right = told in range(len(args)) if type(told) is int else isinstance(told, str) and told in kwargs
    return told if right else 0


def _stream(name: str, text: str) -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def _outputs(described: Any, blobs: list[bytes], room: list[int]) -> list[dict]:
    """Jupyter outputs of a cell: text and png, nothing that a browser would run."""
    outputs = []
    for item in described[:200] if isinstance(described, list) else []:
        if not isinstance(item, dict):
            continue
        name, index = item.get("name"), item.get("png")
        if name in ("stdout", "stderr"):
            outputs.append(_stream(name, text_of(item, "text", 1 << 20)))
        elif "result" in item:
            data = {"text/plain": text_of(item, "result", 10_000)}
            outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
        elif type(index) is int and 0 <= index < len(blobs) and blobs[index].startswith(PNG):
            room[0] -= len(blobs[index])
            if len(blobs[index]) > PNG_LIMIT or room[0] < 0:
                continue
            data = {"image/png": base64.b64encode(blobs[index]).decode()}
            outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    return outputs
