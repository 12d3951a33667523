"""The jail's command line on machines of every kind; what it does is tested from the inside elsewhere."""

import os
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_lib.grading import jail, seccomp
from course_lib.grading.limits import Limits


@pytest.fixture(autouse=True)
def bubblewrap(monkeypatch):
    """Every machine has a bubblewrap of version 0.9.0, setpriv, and a root who is not us."""
    programs = {"bwrap": "/usr/bin/bwrap", "setpriv": "/usr/bin/setpriv"}
    monkeypatch.setattr(jail.shutil, "which", programs.get)
    machine = SimpleNamespace(programs=programs, version="bubblewrap 0.9.0\n")
    monkeypatch.setattr(jail.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=machine.version))
    monkeypatch.setattr(jail.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_CACHE_HOME", "/nonexistent")
    jail.find_bwrap.cache_clear()
    yield machine
    jail.find_bwrap.cache_clear()


def pairs(command, option):
    """What follows each occurrence of an option with two values."""
    return [tuple(command[i + 1 : i + 3]) for i, word in enumerate(command) if word == option]


# ---------------------------------------------------------------- bubblewrap


def test_bubblewrap_is_looked_for_once(bubblewrap):
    assert jail.find_bwrap() == "/usr/bin/bwrap"
    bubblewrap.programs.clear()
    assert jail.find_bwrap() == "/usr/bin/bwrap"


def test_a_machine_without_bubblewrap(bubblewrap):
    bubblewrap.programs.pop("bwrap")
    with pytest.raises(jail.JailError, match="bubblewrap is missing.*\n.*--unsafe-no-jail"):
        jail.command("worker.py")


@pytest.mark.parametrize(
    ("version", "words"), [("bubblewrap 0.7.2\n", "got bubblewrap 0.7.2"), ("", "got no version")]
)
def test_a_bubblewrap_that_is_too_old(bubblewrap, version, words):
    bubblewrap.version = version
    with pytest.raises(jail.JailError, match=f"expected 0.8 or later, {words}"):
        jail.find_bwrap()


@pytest.mark.parametrize("version", ["bubblewrap 0.8.0", "bubblewrap 0.11.0", "bubblewrap 1.0"])
def test_a_bubblewrap_that_serves(bubblewrap, version):
    bubblewrap.version = version
    assert jail.find_bwrap() == "/usr/bin/bwrap"


# ---------------------------------------------------------------- who it is


def test_an_ordinary_user_gets_a_namespace_and_loses_every_right():
    options, inside = jail._identity()
    assert options[:5] == ["--unshare-user", "--uid", "64999", "--gid", "64999"]
    assert options[5:] == ["--disable-userns", "--cap-drop", "ALL"]
    assert inside == []


def test_root_becomes_a_user_of_nobody_s_in_every_jail(monkeypatch):
    monkeypatch.setattr(jail.os, "geteuid", lambda: 0)
    users = set()
    for _ in range(3):
        options, inside = jail._identity()
        assert options[:2] == ["--cap-drop", "ALL"]
        assert [options[i + 1] for i, word in enumerate(options) if word == "--cap-add"] == [
            "CAP_SETUID",
            "CAP_SETGID",
            "CAP_SETPCAP",
        ]
        assert inside[0] == "setpriv"
        assert inside[inside.index("--reuid") + 1] == inside[inside.index("--regid") + 1]
        assert inside[-3:] == ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        users.add(int(inside[inside.index("--reuid") + 1]))
    assert len(users) == 3
    assert min(users) >= 1_800_000_000


def test_root_without_setpriv_is_not_left(monkeypatch, bubblewrap):
    monkeypatch.setattr(jail.os, "geteuid", lambda: 0)
    bubblewrap.programs.pop("setpriv")
    with pytest.raises(jail.JailError, match="setpriv is missing, so root cannot be left"):
        jail.command("worker.py")


# ---------------------------------------------------------------- what it sees


def test_the_command_shares_nothing_and_ends_with_the_worker():
    command = jail.command("here/worker.py", libraries=("numpy",), limits=Limits(file_mb=3))
    assert command[0] == "/usr/bin/bwrap"
    for option in ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--die-with-parent", "--clearenv"):
        assert option in command
    assert ("here/worker.py", "/worker.py") in pairs(command, "--ro-bind")
    assert pairs(command, "--size") == [(str(3 << 20), "--tmpfs")] * 2
    assert dict(pairs(command, "--setenv")) == jail.environment("/packages")
    assert "--bind" not in command
    assert command[command.index("--") + 2 :] == ["-s", "-S", "-B", "/worker.py"]


def test_the_default_is_numpy_and_plotting_and_the_limits_of_a_submission():
    command = jail.command("worker.py")
    inside = [target for _, target in pairs(command, "--ro-bind")]
    assert {"/packages/numpy", "/packages/matplotlib", "/packages/six.py"} <= set(inside)
    assert not any("torch" in target or "course_lib" in target for target in inside)
    assert pairs(command, "--size")[0] == (str(Limits().file_mb << 20), "--tmpfs")


def test_packages_come_with_their_shared_libraries(tmp_path, monkeypatch):
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "__init__.py").write_text("")
    (tmp_path / "whole.libs").mkdir()
    (tmp_path / "single.py").write_text("")
    (tmp_path / "PIL").mkdir()
    (tmp_path / "pillow.libs").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("PIL", "whole", "single"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    specs = jail.importlib.util.find_spec
    monkeypatch.setattr(
        jail.importlib.util,
        "find_spec",
        lambda name: (
            SimpleNamespace(submodule_search_locations=[tmp_path / "PIL"]) if name == "PIL" else specs(name)
        ),
    )
    assert jail.packages(("whole", "single", "PIL", "no_such_package")) == {
        str(tmp_path / "whole"): "/packages/whole",
        str(tmp_path / "whole.libs"): "/packages/whole.libs",
        str(tmp_path / "single.py"): "/packages/single.py",
        str(tmp_path / "PIL"): "/packages/PIL",
        str(tmp_path / "pillow.libs"): "/packages/pillow.libs",
    }


def test_the_system_is_bound_read_only_and_links_stay_links(tmp_path, monkeypatch):
    (tmp_path / "usr").mkdir()
    (tmp_path / "lib").symlink_to("usr/lib")
    names = tuple(str(tmp_path / name) for name in ("usr", "lib", "lib32"))
    monkeypatch.setattr(jail, "SYSTEM", names)
    assert jail._system() == ["--ro-bind", names[0], names[0], "--symlink", "usr/lib", names[1]]


VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


def existing(*paths):
    """Let these paths, and no others, exist."""
    return lambda path: str(path) in paths


def test_the_system_s_python_is_there_without_what_is_installed_beside_it(monkeypatch):
    monkeypatch.setattr(jail.sys, "base_prefix", "/usr")
    local = f"/usr/local/lib/{VERSION}"
    monkeypatch.setattr(jail.Path, "exists", existing("/usr/lib/python3/dist-packages", local))
    hidden = ["/usr/lib/python3/dist-packages", local]
    emptied = [word for path in hidden for word in ("--tmpfs", path, "--remount-ro", path)]
    assert jail._python() == (f"/usr/bin/{VERSION}", emptied)
    monkeypatch.setattr(jail.Path, "exists", existing())
    assert jail._python() == (f"/usr/bin/{VERSION}", [])


@pytest.mark.parametrize("beside", [True, False])
def test_another_python_is_bound_without_its_packages(monkeypatch, beside):
    monkeypatch.setattr(jail.sys, "base_prefix", "/opt/python")
    local = f"/usr/local/lib/{VERSION}"
    monkeypatch.setattr(jail.Path, "exists", existing(*[local] * beside))
    python, binds = jail._python()
    assert python == f"/python/bin/{VERSION}"
    assert binds[:3] == ["--ro-bind", "/opt/python", "/python"]
    for option in ("--tmpfs", "--remount-ro"):
        emptied = [word for i, word in enumerate(binds) if binds[i - 1] == option]
        assert emptied == [f"/python/lib/{VERSION}/site-packages", *[local] * beside]


def test_a_list_of_fonts_is_lent_where_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert jail.font_cache() == []
    (cache := tmp_path / "matplotlib").mkdir()
    (cache / "fontlist-v390.json").write_text("{}")
    (cache / "fontlist-v1.json").symlink_to(os.devnull)
    (cache / "other.json").write_text("{}")
    fonts = ["--ro-bind", str(cache / "fontlist-v390.json"), "/tmp/matplotlib/fontlist-v390.json"]
    assert jail.font_cache() == ["--perms", "1777", "--dir", "/tmp/matplotlib", *fonts]
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "nobody")
    assert jail.font_cache() == []


# ---------------------------------------------------------------- the system calls


def verdict(machine, number, argument=0, architecture=None):
    """What the filter's program says of a system call, run step by step as the kernel does."""
    program = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    known = architecture or seccomp.MACHINES[machine][1]
    data = struct.pack("=iIQ6Q", number, known, 0, argument, *[0] * 5)
    accumulator = at = 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        if code == seccomp.RETURN:
            return operand
        if code == seccomp.LOAD:
            (accumulator,) = struct.unpack_from("=I", data, operand)
            continue
        true = {
            seccomp.EQUAL: accumulator == operand,
            seccomp.AT_LEAST: accumulator >= operand,
            seccomp.ANY_BIT: bool(accumulator & operand),
        }[code]
        at += if_true if true else if_false


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_system_calls_of_the_list_are_refused_and_no_others(machine):
    column = seccomp.MACHINES[machine][0]
    refused = {numbers[column] for numbers in seccomp.REFUSED.values()}
    clone, clone3 = seccomp.CLONE[column], seccomp.CLONE3[column]
    found = {number: verdict(machine, number) for number in range(500)}
    assert {number for number, said in found.items() if said == seccomp.REFUSE} == refused
    assert {number for number, said in found.items() if said == seccomp.UNKNOWN} == {clone3}
    assert found[clone] == seccomp.ALLOW
    for flag in (
        0x00020000,
        0x02000000,
        0x10000000,
        0x20000000,
        0x40000000,
    ):  # mounts, cgroup, user, pid, network
        assert verdict(machine, clone, 0x11 | flag) == seccomp.REFUSE
    assert verdict(machine, clone, 0x003D0F00) == seccomp.ALLOW  # a thread's flags


def test_the_numbers_of_other_interfaces_are_refused_whole():
    assert verdict("x86_64", 0x40000000) == verdict("x86_64", 0x40000001) == seccomp.REFUSE
    assert verdict("x86_64", 1, architecture=0x40000003) == seccomp.REFUSE


def test_a_processor_whose_numbers_nobody_listed_has_no_filter():
    assert seccomp.program("a processor of next year") == b""


def test_the_filter_is_handed_to_bubblewrap_by_its_descriptor():
    command = jail.command("worker.py", calls=9)
    assert command[command.index("--seccomp") + 1] == "9"
    assert "--seccomp" not in jail.command("worker.py")


# ---------------------------------------------------------------- without a jail


def test_the_environment_holds_one_thread_and_no_home():
    variables = jail.environment("/packages")
    assert variables["OMP_NUM_THREADS"] == variables["MKL_NUM_THREADS"] == "1"
    assert (variables["HOME"], variables["COURSE_PACKAGES"]) == ("/tmp", "/packages")


def test_the_unsafe_way_is_this_python():
    command = jail.unsafe_command(Path("worker.py"))
    assert command == [sys.executable, "-s", "-B", "worker.py"]
    assert subprocess.list2cmdline(command).endswith("worker.py")
