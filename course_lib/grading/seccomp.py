"""The system calls that a jailed process may not make.

The limits on memory count what a process has mapped, and those on disk one file system each. Anonymous
files, System V shared memory and message queues, and file systems mounted in a namespace of one's own are
in neither count, so these calls are refused, with those into parts of the kernel that no submission needs.
What is not in the list is allowed. It becomes a program of the kernel's packet filter, which bubblewrap
installs.

References
----------
.. [1] "Seccomp BPF", The Linux Kernel documentation, userspace-api/seccomp_filter.
"""

from __future__ import annotations

import platform
import struct

# name: (number on x86_64, number on aarch64)
REFUSED = {
    "ptrace": (101, 117),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "mount": (165, 40),
    "unshare": (272, 97),
    "setns": (308, 268),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "memfd_create": (319, 279),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "memfd_secret": (447, 447),
}
CLONE, CLONE3 = (56, 220), (435, 435)
NAMESPACES = 0x7E020000  # the flags of clone that make a namespace
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, the kernel's AUDIT_ARCH
OTHER_ABI = 0x40000000  # on x86_64 the numbers from here on are those of a second interface
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in the kernel's struct seccomp_data
ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026  # allow; EPERM; ENOSYS


def program(machine: str | None = None) -> bytes:
    """The filter for a kind of processor, as bubblewrap's ``--seccomp`` reads it.

    Parameters
    ----------
    machine : str, optional
        As `platform.machine` names it; by default this one's.

    Returns
    -------
    bytes
        Empty for a processor whose numbers are not listed here.

    Examples
    --------
    >>> len(program("x86_64")) % 8, program("a processor of next year")
    (0, b'')
    """
    column, architecture = MACHINES.get(machine or platform.machine(), (None, 0))
    if column is None:
        return b""
    steps = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, REFUSE)]
    steps += [(LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, OTHER_ABI), (RETURN, 0, 0, REFUSE)]
    for numbers in REFUSED.values():
        steps += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, REFUSE)]
    # glibc takes "unknown" for an old kernel and falls back to clone, whose flags can be looked at
    steps += [(EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, UNKNOWN)]
    steps += [(EQUAL, 1, 0, CLONE[column]), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, FIRST_ARGUMENT)]
    steps += [(ANY_BIT, 0, 1, NAMESPACES), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
