"""Hostile work on the process: bytes where the answers go, its death, what it takes, whom it looks for.

Written like the cells of hostile.py; bodies that are indented stand in a function ``corr2d(x, k)``.
"""

# Bytes written where the answers go: `shout` writes its argument to everything that is open.
PIPES = """
import os
def shout(data):
    for fd in range(3, 256):
        try:
            os.write(fd, data)
        except OSError:
            pass
def frame(text, blobs=b''):
    return len(text).to_bytes(4, 'big') + text + blobs
"""
BYTES = {
    "garbage": "shout(os.urandom(4096))",
    "a header of four gigabytes": "shout(b'\\xff\\xff\\xff\\xff')",
    "a header that is not JSON": "shout(frame(b'passed'))",
    "JSON nested without end": "shout(frame(b'[' * 60000))",
    "a size that is negative": "shout(frame(b'{\"blobs\": [-1]}'))",
    "a size of a petabyte": "shout(frame(b'{\"blobs\": [1000000000000000]}'))",
    "a number of a million digits": "shout(frame(b'{\"blobs\": [' + b'9' * 1000000 + b']}'))",
    "a verdict": 'shout(frame(b\'{"blobs": [], "status": "passed", "passed": true, "score": 100}\'))',
    "an array whose shape does not fit": (
        'shout(frame(b\'{"blobs": [8], "failure": null, "value": {"k": "array", "dtype": "<f8", '
        '"shape": [1000000, 1000000], "v": 0}}\', bytes(8)))'
    ),
    "an array of Python objects": (
        'shout(frame(b\'{"blobs": [8], "failure": null, "value": {"k": "array", "dtype": "|O", '
        '"shape": [1], "v": 0}}\', bytes(8)))'
    ),
    "a failure with markup": (
        'shout(frame(b\'{"blobs": [], "failure": {"status": "error", "type": "<script>alert(1)</script>", '
        '"builtin": "__import__", "message": "\\\\u001b[2J"}}\'))'
    ),
}

# Ways to take the process down, or to keep it for ever, and the statuses that they may end in.
BOMBS = {
    "leaves by os._exit": ("crashed", "    os._exit(0)"),
    "leaves by sys.exit": ("crashed", "    sys.exit(0)"),
    "leaves with a number": ("crashed", "    os._exit(77)"),
    "closes every file": ("crashed", "    os.closerange(0, 256)"),
    "kills every process": ("crashed", "    os.kill(-1, 9)"),
    "kills its group": ("crashed", "    os.killpg(0, 9)"),
    "kills its parent": ("crashed", "    os.kill(os.getppid(), 9); os.kill(1, 9); os._exit(1)"),
    "stops its parent": ("crashed failed", "    os.kill(os.getppid(), 19); os.kill(-1, 19)"),
    "becomes another program": ("crashed", "    os.execv('/bin/true', ['true'])"),
    "follows a null pointer": ("crashed", "    import ctypes; ctypes.string_at(0)"),
    "recurses without end": ("crashed timeout", "    sys.setrecursionlimit(10**9); return corr2d(x, k)"),
    "aborts": ("crashed", "    os.abort()"),
    "forks without end": ("crashed timeout", "    while True:\n        os.fork()"),
    "starts threads without end": (
        "crashed",
        "    import threading, time\n    while True:\n        threading.Thread(target=time.sleep, args=(99,)).start()",
    ),
    "takes all memory at once": ("memory", "    return np.ones(1 << 40)"),
    "takes all memory in large pieces": (
        "memory",
        "    keep = []\n    while True:\n        keep.append(np.empty(1 << 26))",
    ),
    "takes all memory in small pieces": (
        "memory timeout",
        "    keep = []\n    while True:\n        keep.append(np.ones(1 << 20))",
    ),
    "fills the disk": (
        "crashed",
        "    import itertools\n    for i in itertools.count():\n        open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))",
    ),
    "writes one endless file": (
        "crashed",
        "    with open('/dev/shm/x', 'wb') as file:\n        while True:\n            file.write(bytes(1 << 20))",
    ),
    "prints without end": (
        "timeout",
        "    while True:\n        print('x' * 65536); os.write(1, b'x' * 65536)",
    ),
    "sleeps": ("timeout", "    import time; time.sleep(10**6)"),
    "computes for a year": ("timeout", "    return sum(range(10**15))"),
    "ignores interrupts": (
        "timeout",
        "    import signal\n    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\n    while True:\n"
        "        try:\n            while True:\n                pass\n        except BaseException:\n            pass",
    ),
    "takes the alarm for itself": (
        "timeout",
        "    import signal, time\n    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n    signal.setitimer(0, 0)\n"
        "    while True:\n        time.sleep(10**6)",
    ),
    "stops itself": ("timeout", "    os.kill(os.getpid(), 19)"),
    "leaves a daemon": (
        "failed",
        "    if not os.fork():\n        os.setsid()\n        if not os.fork():\n            os.closerange(0, 256)\n"
        "            os.execv(sys.executable, ['python', '-c', 'import time; time.sleep(999)'])\n"
        "        os._exit(0)\n    return np.zeros_like(x)",
    ),
    "leaves a child that holds the answers' pipe": (
        "failed",
        "    import time\n    if not os.fork():\n        time.sleep(10**6)\n    return np.zeros_like(x)",
    ),
    "answers from a child": ("failed crashed unreadable", "    os.fork()\n    return np.zeros_like(x)"),
    "raises what is no exception": ("crashed", "    raise BaseException('out')"),
    "raises an error that cannot be shown": (
        "crashed",
        "    class Bad(Exception):\n        def __str__(self):\n            os._exit(0)\n    raise Bad",
    ),
    "raises an error that shows itself for ever": (
        "timeout",
        "    class Bad(Exception):\n        def __str__(self):\n            while True:\n                pass\n"
        "    raise Bad",
    ),
}

# System calls whose memory no limit counts, or that undo the jail. Each has to be refused: `syscall` raises then.
CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def syscall(name, *arguments):
    ctypes.set_errno(0)
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), f'{name} was refused')
"""
REFUSED = {
    "an anonymous file": "syscall('memfd_create', b'x', 0)",
    "shared memory": "syscall('shmget', 0, 1 << 20, 0o1600)",
    "a message queue": "syscall('msgget', 0, 0o1600)",
    "a user namespace": "syscall('unshare', 0x10000000)",
    "a user namespace by clone": "syscall('syscall', 56 if os.uname().machine == 'x86_64' else 220, 0x10000011, 0, 0, 0, 0)",
    "a mount": "syscall('mount', b'none', b'/tmp', b'tmpfs', 0, b'size=90%')",
    "another's namespace": "syscall('setns', os.open('/proc/self/ns/net', os.O_RDONLY), 0)",
    "another root": "os.chroot('/tmp')",
    "tracing its parent": "syscall('ptrace', 16, os.getppid(), 0, 0)",
    "being root": "os.setuid(0)",
}

# Looking around and reaching out; none may bring anything to light, and all go on to a wrong answer.
TRICKS = {
    "prints what /proc tells of the first process": """
for name in ('environ', 'cmdline', 'maps', 'mem', 'root/etc/passwd', 'cwd/setup.py', 'fd/0', 'stack', 'auxv'):
    try:
        print(name, open(f'/proc/1/{name}', 'rb').read(1 << 16))
    except OSError as error:
        print(name, error)
""",
    "prints its environment": """
import os
print(dict(os.environ), open('/proc/self/environ').read())
""",
    "climbs out through /proc": """
import os
for way in ('/proc/1/root', '/proc/1/cwd', '/proc/self/root/..', '/proc/self/cwd/../..', '/proc/thread-self/root'):
    for path in (${reference}, ${source}, ${gradebook}, ${classmate}):
        try:
            print('SEEN', open(way + path).read(100))
        except OSError:
            pass
""",
    "writes to the kernel's settings": """
for name in ('sys/kernel/hostname', 'sys/kernel/core_pattern', 'sys/vm/overcommit_memory', 'sys/fs/file-max'):
    try:
        before = open(f'/proc/{name}').read()
        with open(f'/proc/{name}', 'w') as file:
            file.write(before)  # changes nothing, should it succeed
        print('SEEN', name)
    except OSError:
        pass
""",
    "overwrites the memory of the first process": """
import os
for pid in {1, os.getppid()} - {os.getpid()}:
    try:
        with open(f'/proc/{pid}/mem', 'r+b', buffering=0) as memory:
            for line in open(f'/proc/{pid}/maps'):
                start, end = (int(number, 16) for number in line.split()[0].split('-'))
                memory.seek(start)
                memory.write(bytes(end - start))
    except (OSError, ValueError):
        pass
""",
    "writes wherever it can": """
import os
for base in (${course}, ${checkout}, ${temporary}, '/', '/root', '/home', '/var/tmp', '/run', '/usr', '/packages'):
    for name in ('witness', 'sitecustomize.py', 'course_lib/__init__.py', 'gradebook.db'):
        try:
            os.makedirs(base, exist_ok=True)
            open(f'{base}/{name}', 'w').write('100')
        except OSError:
            pass
""",
    "deletes and renames what is not its own": """
import os, shutil
for path in (${classmate}, ${source}, ${gradebook}, ${reference}, ${course}, ${checkout}, '/worker.py'):
    for action in (os.remove, os.rmdir, lambda p: os.rename(p, p + '~'), lambda p: os.chmod(p, 0o777), os.utime,
                   lambda p: os.symlink('/tmp', p), lambda p: os.truncate(p, 0), shutil.rmtree):
        try:
            action(path)
        except OSError:
            pass
""",
    "links its folder to others' files": """
import os
for i, path in enumerate((${classmate}, ${source}, ${gradebook}, '/proc/1/root')):
    os.symlink(path, f'/tmp/link{i}')
    try:
        open(f'/tmp/link{i}', 'a').write('100')
    except OSError:
        pass
""",
    "brings start-up files for Python": """
import os, subprocess, sys
for name in ('sitecustomize', 'usercustomize', 'numpy', 'course_lib', 'json'):
    open(f'/tmp/{name}.py', 'w').write('print(100)')
open('/tmp/x.so', 'wb').write(bytes(64))
os.environ.update(PYTHONSTARTUP='/tmp/sitecustomize.py', PYTHONPATH='/tmp', LD_PRELOAD='/tmp/x.so', PYTHONINSPECT='1')
subprocess.run([sys.executable, '-c', 'import sys'], check=False)
""",
    "starts the worker anew under modules of its own": """
import os, sys
def corr2d(x, k):
    open('/tmp/sitecustomize.py', 'w').write('import builtins; builtins.all = builtins.any = lambda *a: True')
    ends = [fd for fd in range(3, 256) if os.path.exists(f'/proc/self/fd/{fd}')
            and os.readlink(f'/proc/self/fd/{fd}').startswith('pipe')]
    for fd in ends:
        os.dup2(fd, 1 if os.readlink(f'/proc/self/fd/{fd}') and fd == ends[0] else 0)
    os.execve(sys.executable, [sys.executable, '/worker.py'], {'PYTHONPATH': '/tmp', 'COURSE_PACKAGES': '/packages'})
""",
    "takes the next question for itself": """
import os
def corr2d(x, k):
    for fd in range(3, 256):
        try:
            os.set_blocking(fd, False)
            os.read(fd, 1 << 20)
        except (OSError, BlockingIOError):
            pass
    return np.zeros_like(x)
""",
    "turns the pipes round, shrinks and truncates them": """
import fcntl, os
def corr2d(x, k):
    for fd in range(3, 256):
        for action in (lambda: fcntl.fcntl(fd, 1031, 4096), lambda: os.ftruncate(fd, 0), lambda: os.lseek(fd, 0, 0),
                       lambda: fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC | os.O_DIRECT),
                       lambda: fcntl.flock(fd, fcntl.LOCK_EX), lambda: os.dup2(fd, fd + 1)):
            try:
                action()
            except (OSError, ValueError):
                pass
    return np.zeros_like(x)
""",
    "patches the worker around it": """
import sys
def corr2d(x, k):
    frame = sys._getframe()
    while frame:
        for name in ('same', 'encode', 'encode_array', 'guarded', 'describe', 'send'):
            if name in frame.f_globals and name != 'send':
                frame.f_globals[name] = lambda *a, **k: (True, None)
        frame = frame.f_back
    return np.zeros_like(x)
""",
    "answers in the worker's name": """
import json, os, sys
def corr2d(x, k):
    frame = sys._getframe()
    while frame and 'request' not in frame.f_locals:
        frame = frame.f_back
    asked = frame.f_locals['request']['id']
    said = {'blobs': [], 'id': asked, 'failure': None, 'value': {'k': 'bool', 'v': True}, 'passed': True, 'score': 100}
    text = json.dumps(said).encode()
    for fd in range(3, 256):
        try:
            os.write(fd, len(text).to_bytes(4, 'big') + text)
        except OSError:
            pass
    return np.zeros_like(x)
""",
    "makes the next process wait": """
import fcntl, os
for path in ('/worker.py', '/packages/numpy/__init__.py', '/etc/ld.so.cache'):
    try:
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pass
""",
}
