"""Run parts of the Makefile one after the other and end with a table of what each one took.

    python tools/run_parts.py lint unit browser

A part that fails does not keep the next from running: whoever reads the log sees everything that is wrong
at once. Seconds are the clock's; seconds of processor count every process that the part started and waited
for, so they stay the same on a busy machine.
"""

import resource
import subprocess
import sys
import time
from typing import NamedTuple


class Result(NamedTuple):
    """What came of a part: its exit status, and its seconds by the clock and of processor."""

    part: str
    status: int
    seconds: float
    processor: float


def processor_seconds():
    """Seconds of processor that the finished child processes used, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(part, command):
    """Run a command to its end."""
    start, before = time.monotonic(), processor_seconds()
    status = subprocess.run(command, check=False).returncode
    return Result(part, status, time.monotonic() - start, processor_seconds() - before)


def table(results):
    """Lines that name every part with its times and whether it failed, and their sum."""
    total = Result("all", 0, sum(r.seconds for r in results), sum(r.processor for r in results))
    rows = [f"  {'part':<12}{'seconds':>8}{'processor':>11}"]
    for result in [*results, total]:
        failed = f"   FAILED, status {result.status}" if result.status else ""
        rows.append(f"  {result.part:<12}{result.seconds:>8.0f}{result.processor:>11.0f}{failed}")
    return rows


def run_all(commands):
    """Run every command by its part's name and print the table; return 1 if one failed, else 0."""
    results = []
    for part, command in commands.items():
        print(f"--- {part}", flush=True)
        results.append(run(part, command))
    print("", *table(results), sep="\n")
    return int(any(result.status for result in results))


def main(parts):
    """Run `make PART` for each part; return the exit status."""
    return run_all({part: ["make", "--no-print-directory", part] for part in parts})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
