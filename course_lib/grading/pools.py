"""Where submissions are graded side by side: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

from course_lib._extras import require
from course_lib.grading.course import CourseError


def processes(workers: int | None, tasks: int) -> Executor:
    """As many processes as asked for, by default one per core, and no more than there are tasks."""
    count = max(1, min(workers or os.cpu_count() or 1, tasks or 1))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["course_lib.grading.scoring"])  # imported once, not once per worker
    return ProcessPoolExecutor(count, mp_context=context)


@contextlib.contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster that see the same files; a worker that is lost is replaced by another.

    Raises
    ------
    CourseError
        If no scheduler answers there.
    """
    require("distributed", "grading on a cluster")
    from distributed import Client

    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise CourseError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise CourseError(f"the Dask scheduler at {address} has no workers yet")
        yield client.get_executor(pure=False, retries=3)
