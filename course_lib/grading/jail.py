"""The jail: a bubblewrap command line in which a submission sees Python, NumPy and an empty folder.

Nothing of the host is bound but the system's libraries, the Python that runs this module and single
packages: no home folder, no checkout, no course root, no network. The process inside is never root. Started
by root, the jail drops to an unused user of its own, so that the limit on processes is a real one; started by
an ordinary user, it runs in a user namespace of its own.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from course_lib.grading.limits import MEGABYTE, Limits

INSTALL = "sudo apt-get install bubblewrap"
OLDEST = (0, 8)  # the first bubblewrap with --disable-userns
NUMPY = ("numpy",)
PLOTTING = (
    "matplotlib",
    "mpl_toolkits",
    "contourpy",
    "cycler",
    "dateutil",
    "fontTools",
    "kiwisolver",
    "packaging",
    "PIL",
    "pyparsing",
    "six",
)
TORCH = (
    "torch",
    "torchgen",
    "functorch",
    "nvidia",
    "typing_extensions",
    "sympy",
    "mpmath",
    "networkx",
    "jinja2",
    "markupsafe",
    "filelock",
    "fsspec",
)
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache")


class JailError(RuntimeError):
    """The jail cannot be used; the message says why and what to do."""


@functools.cache
def find_bwrap() -> str:
    """Path of bubblewrap.

    Raises
    ------
    JailError
        If it is missing or too old, with the command that installs it.
    """
    path = shutil.which("bwrap")
    if path is None and sys.platform != "linux":
        raise JailError(
            "the jail, bubblewrap, exists on Linux alone. Your own notebook you can grade without it: add "
            "--unsafe-no-jail\n(it runs with all your rights; never do that with files of others)"
        )
    if path is None:
        raise JailError(
            f"bubblewrap is missing, so submissions cannot be run safely. Install it with: {INSTALL}\n"
            "(--unsafe-no-jail runs them as you, with all your rights; never do that with files of others)"
        )
    text = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", text)[:2])
    if version < OLDEST:
        raise JailError(f"bubblewrap is too old: expected 0.8 or later, got {text.strip() or 'no version'}")
    return path


def packages(names: Iterable[str]) -> dict[str, str]:
    """Host paths of importable packages, and of the shared libraries beside them, to paths in the jail."""
    found = {}
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None:
            continue
        path = Path(
            next(iter(spec.submodule_search_locations)) if spec.submodule_search_locations else spec.origin
        )
        libraries = path.parent / f"{'pillow' if name == 'PIL' else name}.libs"
        for item in (path, libraries):
            if item.exists():
                found[str(item)] = f"/packages/{item.name}"
    return found


def _python() -> tuple[str, list[str]]:
    """The base interpreter inside the jail, and the binds that bring it there without its site-packages."""
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if base == Path("/usr"):
        hidden = [Path("/usr/lib/python3/dist-packages"), Path(f"/usr/local/lib/{version}")]
        return f"/usr/bin/{version}", [arg for p in hidden if p.exists() for arg in _emptied(p)]
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": "/python", "base": "/python"}))
    binds = ["--ro-bind", str(base), "/python", *_emptied(library / "site-packages")]
    local = Path(f"/usr/local/lib/{version}")
    return f"/python/bin/{version}", binds + (_emptied(local) if local.exists() else [])


def _emptied(folder: Path) -> list[str]:
    """Options that show an empty folder in its place, in which nothing can be written."""
    return ["--tmpfs", str(folder), "--remount-ro", str(folder)]


def _system() -> list[str]:
    arguments = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), name]
        elif path.exists():
            arguments += ["--ro-bind", name, name]
    return arguments


def _identity() -> tuple[list[str], list[str]]:
    """Options for bubblewrap, and the command inside it, that make the process nobody in particular."""
    if os.geteuid() != 0:
        user = ["--unshare-user", "--uid", "64999", "--gid", "64999", "--disable-userns", "--cap-drop", "ALL"]
        return user, []
    if shutil.which("setpriv") is None:
        raise JailError(
            "setpriv is missing, so root cannot be left. Install it with: apt-get install util-linux"
        )
    # A user id of its own for every jail: the limit on processes counts per user.
    user = str(1_800_000_000 + secrets.randbelow(100_000_000))
    keep = ["--cap-drop", "ALL"]
    for name in ("SETUID", "SETGID", "SETPCAP"):
        keep += ["--cap-add", f"CAP_{name}"]
    drop = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
    return keep, [*drop, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]


def command(
    script: str,
    *,
    libraries: Iterable[str] = NUMPY + PLOTTING,
    limits: Limits | None = None,
    calls: int | None = None,
) -> list[str]:
    """Command line that runs a Python script in the jail.

    Parameters
    ----------
    script : str
        Path of the script on this machine; the jail sees it as ``/worker.py``.
    libraries : iterable of str
        Packages that can be imported inside, beside the standard library.
    limits : Limits, optional
        Sizes of the temporary file systems. Memory, processes and time are the script's own to set.
    calls : int, optional
        Descriptor of a file with the program of `course_lib.grading.seccomp`, which the process must inherit.

    Returns
    -------
    list of str
        For `subprocess.Popen`.

    Raises
    ------
    JailError
        If bubblewrap is missing or too old.
    """
    bwrap, size = find_bwrap(), str((limits or Limits()).file_mb * MEGABYTE)
    python, python_binds = _python()
    identity, drop = _identity()
    arguments = [bwrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    arguments += [
        "--unshare-cgroup-try",
        "--new-session",
        "--die-with-parent",
        "--hostname",
        "jail",
        *identity,
        *(["--seccomp", str(calls)] if calls is not None else []),
    ]
    arguments += [*_system(), *python_binds, "--perms", "0755", "--dir", "/packages"]
    for host, inside in packages(libraries).items():
        arguments += ["--ro-bind", host, inside]
    arguments += ["--ro-bind", str(script), "/worker.py", "--proc", "/proc", "--dev", "/dev"]
    arguments += ["--perms", "1777", "--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    arguments += ["--perms", "1777", "--size", size, "--tmpfs", "/tmp"]
    arguments += [*font_cache(), "--remount-ro", "/", "--chdir", "/tmp", "--clearenv"]
    for name, value in environment("/packages").items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--", *drop, python, "-s", "-S", "-B", "/worker.py"]


def font_cache() -> list[str]:
    """Bind matplotlib's list of fonts where there is one; building it anew costs a second per submission."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    arguments = []
    for path in folder.glob("fontlist-v*.json"):
        if not path.is_symlink():
            arguments += ["--ro-bind", str(path), f"/tmp/matplotlib/{path.name}"]
    return ["--perms", "1777", "--dir", "/tmp/matplotlib", *arguments] if arguments else []


def environment(path: str) -> dict[str, str]:
    """Environment of the worker; one thread each, because the workers themselves run side by side."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")}
    return {
        **threads,
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "COURSE_PACKAGES": path,
    }


def unsafe_command(script: str) -> list[str]:
    """Command line without a jail, for machines that have none: the submission can do what you can do.

    Raises
    ------
    JailError
        On Windows, whose pipes and limits are others.
    """
    if sys.platform == "win32":
        raise JailError(
            "a notebook cannot be graded on Windows itself. Its checks run there in Jupyter; `course check` "
            "runs in the Windows Subsystem for Linux: wsl --install"
        )
    return [sys.executable, "-s", "-B", str(script)]
