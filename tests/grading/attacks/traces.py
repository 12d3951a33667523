"""What can be seen of a machine from outside a jail: files, processes, open files; and that nothing is left."""

import contextlib
import hashlib
import os
import select
import stat
from pathlib import Path

from course_lib.grading.limits import MEGABYTE

JAIL_USERS = range(1_800_000_000, 1_900_000_000)  # whom a jail started by root runs as
SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/")  # where anybody's files may lie
PATIENCE = 20  # seconds in which a killed process has to be gone; reaching them is a failure


def contents(*folders):
    """Kind, owner, time and bytes of everything below some folders, but for the byte code that Python caches."""
    found = {}
    for folder in folders:
        for base, names, files in os.walk(folder):
            names[:] = [name for name in names if name != "__pycache__"]
            for path in [base, *(os.path.join(base, name) for name in [*names, *files])]:
                found[path] = _state(path)
    return found


def _state(path):
    status = os.lstat(path)
    inside = ""
    if stat.S_ISLNK(status.st_mode):
        inside = os.readlink(path)
    elif stat.S_ISREG(status.st_mode) and status.st_size <= 256 * MEGABYTE:
        inside = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return stat.filemode(status.st_mode), status.st_uid, status.st_size, status.st_mtime_ns, inside


def files_of_jails():
    """Files in the machine's shared folders that belong to a user of a jail; none can where root grades."""
    found = set()
    for folder in SHARED_FOLDERS:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid in JAIL_USERS:
                        found.add(entry.path)
    return found


def processes():
    """Start time, parent, state and name of every process, by its id."""
    found = {}
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            name, _, rest = Path(f"/proc/{entry}/stat").read_text().rpartition(")")
            fields = rest.split()
            found[int(entry)] = (int(fields[19]), int(fields[1]), fields[0], name.partition("(")[2])
    return found


def descendants():
    """Id and start time, with the name, of the running processes that this one has started, at any remove."""
    known, found = processes(), {}
    family = {os.getpid()}
    while True:
        born = {pid for pid, (_, parent, _, _) in known.items() if parent in family} - family
        if not born:
            break
        family |= born
    for pid in family - {os.getpid()}:
        start, parent, state, name = known[pid]
        if state != "Z":
            found[pid, start] = name
        elif parent == os.getpid():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # an orphan that came to us, see `contained`
    return found


def open_files():
    """What this process holds open."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{number}"))
    return sorted(found)


def assert_no_process_left(before):
    """Wait until every process that was started since has ended, and fail for one that stays."""
    while left := {key: name for key, name in descendants().items() if key not in before}:
        (pid, _), name = next(iter(left.items()))
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            try:
                ended, _, _ = select.select([handle], [], [], PATIENCE)
            finally:
                os.close(handle)
            assert ended, f"still running: {name} ({pid})"


def assert_unchanged(before, after, but=()):
    """Compare two `contents`, leaving out what lies below the paths in ``but`` and the folders they lie in."""

    def relevant(found):
        kept = {p: s for p, s in found.items() if not any(p == b or p.startswith(f"{b}/") for b in but)}
        parents = {str(Path(b).parent) for b in but}
        return {p: s[:2] if p in parents else s for p, s in kept.items()}

    before, after = relevant(before), relevant(after)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert not changed
