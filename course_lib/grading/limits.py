"""How much a submission may use."""

from __future__ import annotations

from dataclasses import asdict, dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one submission may use while it is graded.

    Attributes
    ----------
    cell_seconds, check_seconds, submission_seconds : float
        Wall time for one cell, for all the calls of one check, and for everything together.
    memory_mb : int
        Address space of each process, and resident memory of all of them together, in MiB.
    processes : int
        Processes and threads together.
    file_mb : int
        Size of one file, and of all temporary files together, in MiB.
    output_kb : int
        What a cell may print and still be kept, in KiB.
    reply_mb : int
        Size of one returned value, in MiB.
    """

    cell_seconds: float = 20.0
    check_seconds: float = 10.0
    submission_seconds: float = 240.0
    memory_mb: int = 2048
    processes: int = 8
    file_mb: int = 32
    output_kb: int = 64
    reply_mb: int = 128

    def as_request(self) -> dict:
        """The limits as the worker reads them."""
        return asdict(self)
