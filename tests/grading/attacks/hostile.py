"""Hostile cells, each in the place of the solution of `corr2d`.

Every one belongs to a submission whose `output_size` is right and whose other answers are stubs, so its honest
score is 12. ``{...}`` is filled in by the test: secrets that must not be found, a port that must not be reached.
"""

WRONG = "\ndef corr2d(x, k):\n    return np.zeros_like(x)\n"

# What comes before or instead of a wrong corr2d, by name.
FORGERIES = {
    "patches numpy's comparisons": """
np.allclose = np.array_equal = lambda *a, **k: True
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
np.abs = np.all = np.isnan = lambda *a, **k: np.True_
""",
    "replaces built-in functions": """
import builtins
builtins.isinstance = lambda *a: True
builtins.AssertionError = builtins.ValueError = builtins.Exception = type('Quiet', (BaseException,), {})
builtins.float = builtins.abs = lambda *a: 0
""",
    "replaces the checks": """
import sys, types, course_lib.grading
course_lib.grading.check = check = lambda *a, **k: print('corr2d.example: passed (1 case)')
fake = types.ModuleType('course_lib.grading.engine')
fake.run = lambda *a, **k: types.SimpleNamespace(passed=True, status='passed', message='passed')
sys.modules['course_lib.grading.engine'] = fake
""",
    "claims points by its output": """
import sys
sys.displayhook = lambda value: print(100.0)
print('{"score": 100.0, "status": "passed"}')
print('corr2d.example: passed (1 case)')
100.0
""",
    "patches the display hook, the transformers and the kernel": """
try:
    shell = get_ipython()
    shell.input_transformers_cleanup.append(lambda lines: ['100.0'])
    shell.kernel.do_execute = lambda *a, **k: {'status': 'ok'}
    shell.display_formatter.format = lambda *a, **k: ({'text/plain': '100.0'}, {})
except NameError:
    pass
""",
    "imports the reference": """
try:
    from course_lib.functional import corr2d
except ImportError:
    from course_lib.functional.conv import corr2d
""",
    "imports another library that has the answer": """
def corr2d(x, k):
    import torch
    x, k = torch.tensor(x), torch.tensor(k)
    return torch.nn.functional.conv2d(x[None, None], k[None, None])[0, 0].numpy()
""",
    "reads the reference from its file": """
def corr2d(x, k):
    space = {}
    exec(open({reference!r}).read(), space)
    return space['corr2d'](x, k)
""",
    "looks for the reference on every disk": """
import os
for folder, _, files in os.walk('/'):
    for name in files:
        path = os.path.join(folder, name)
        if folder.startswith(('/proc', '/sys', '/usr', '/python', '/packages', '/dev')):
            continue
        try:
            text = open(path, errors='ignore').read()
        except OSError:
            continue
        if 'def corr2d' in text and path != '/worker.py':
            exec(text)
""",
    "reads the source notebook and its hidden tests": """
import json
found = json.load(open({source!r}))
""",
    "reads the gradebook": """
import sqlite3
rows = sqlite3.connect('file:' + {gradebook!r} + '?mode=ro', uri=True).execute('select * from grade').fetchall()
""",
    "writes the gradebook": """
import sqlite3
db = sqlite3.connect({gradebook!r})
db.execute('update grade set auto_score = 100')
db.commit()
""",
    "asks a server for the answer": """
import socket
def corr2d(x, k):
    with socket.create_connection(('127.0.0.1', {port}), timeout=1) as s:
        s.sendall(x.tobytes())
        return np.frombuffer(s.recv(1 << 16))
""",
    "looks through other processes": """
import os, re
for n in filter(str.isdecimal, os.listdir('/proc')):
    try:
        for line in open(f'/proc/{{n}}/maps'):
            if 'course_lib' in line or 'pytest' in line:
                raise SystemExit('seen')
        os.kill(int(n), 0) if int(n) > 1 else None
    except (OSError, PermissionError):
        pass
""",
    "searches its own frames for the expected values": """
import sys
def corr2d(x, k):
    frame = sys._getframe()
    while frame:
        for name, value in frame.f_locals.items():
            if name in ('expected', 'reference', 'check', 'case'):
                return value
        frame = frame.f_back
    return np.zeros_like(x)
""",
    "searches the garbage collector for the expected values": """
import gc
def corr2d(x, k):
    shape = (x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1)
    arrays = [a for a in gc.get_objects() if isinstance(a, np.ndarray) and a.shape == shape and a is not x]
    return arrays[0] if arrays else np.zeros(shape)
""",
    "becomes root in a namespace of its own": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.unshare(0x10000000 | 0x00020000)
libc.mount(b'none', b'/mnt', b'tmpfs', 0, None)
libc.setuid(0)
os.chroot('/') if os.getuid() == 0 else None
""",
    "shadows the modules of the worker": """
import os, sys
for name in ('numpy', 'json', 'struct', 'course_lib'):
    for folder in ('.', '/tmp', '/packages'):
        try:
            os.makedirs(f'{{folder}}/{{name}}', exist_ok=True)
            open(f'{{folder}}/{{name}}/__init__.py', 'w').write('def corr2d(*a): return 100')
        except OSError:
            pass
sys.path[:0] = ['.', '/tmp']
""",
}

# Right on the case that the notebook shows, and on no other.
BY_HEART = """
def corr2d(x, k):
    if x.shape == (3, 3):
        return np.array([[19.0, 25.0], [37.0, 43.0]])
    return np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
"""

# Objects in place of an answer, and other lies about what was returned.
LIES = {
    "equals everything": """
class Anything:
    __eq__ = __le__ = __lt__ = __ge__ = lambda self, other: True
    __array__ = lambda self, *a, **k: np.zeros((2, 2))
    shape, dtype, ndim, size = (2, 2), np.dtype(float), 2, 4
def corr2d(x, k):
    return Anything()
""",
    "is an array that lies about its shape and dtype": """
class Liar(np.ndarray):
    shape = property(lambda self: (2, 2), lambda self, value: None)
    dtype = property(lambda self: np.dtype('float64'))
    __eq__ = lambda self, other: np.True_
    tobytes = lambda self, *a: b'\\x00' * 32
    __array__ = lambda self, *a, **k: self
def corr2d(x, k):
    return np.zeros(5).view(Liar)
""",
    "is an array of objects that agree": """
class Yes:
    __eq__ = __le__ = __sub__ = __rsub__ = __abs__ = __float__ = lambda *a: 0.0
def corr2d(x, k):
    out = np.empty((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1), dtype=object)
    out[...] = Yes()
    return out
""",
    "is not a number anywhere": """
def corr2d(x, k):
    return np.full((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1), np.nan)
""",
    "holds itself": """
def corr2d(x, k):
    loop = []
    loop.append(loop)
    return loop
""",
    "never ends": """
def corr2d(x, k):
    while True:
        yield 1.0
""",
    "is larger than anyone can hold": """
def corr2d(x, k):
    return np.broadcast_to(np.float64(0), (1 << 20, 1 << 20))
""",
    "is a pickle that runs a program": """
import os
class Bomb:
    def __reduce__(self):
        return os.system, ('touch {witness}',)
def corr2d(x, k):
    return Bomb()
""",
    "has a type whose name is a path": """
def corr2d(x, k):
    return type('../../../../{witness}', (), {{'__doc__': '__import__("os").system("true")'}})()
""",
}

# Bytes written where the answers go: {write} writes its argument to every pipe of the process.
PIPES = """
import os
def shout(data):
    for fd in range(3, 64):
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

# Ways to take the process down, or to keep it for ever. All leave their own points at 12.
BOMBS = {
    "leaves by os._exit": "    os._exit(0)",
    "leaves by sys.exit": "    sys.exit(0)",
    "closes every file": "    os.closerange(0, 64)",
    "kills every process": "    os.kill(-1, 9)",
    "kills its parent": "    os.kill(os.getppid(), 9); os.kill(1, 9); os._exit(1)",
    "becomes another program": "    os.execv('/bin/true', ['true'])",
    "follows a null pointer": "    import ctypes; ctypes.string_at(0)",
    "recurses without end": "    sys.setrecursionlimit(10**9); return corr2d(x, k)",
    "aborts": "    os.abort()",
    "forks without end": "    while True:\n        os.fork()",
    "starts threads without end": (
        "    import threading, time\n    while True:\n        threading.Thread(target=time.sleep, args=(99,)).start()"
    ),
    "takes all memory": "    keep = []\n    while True:\n        keep.append(np.ones(1 << 22))",
    "fills the disk": (
        "    import itertools\n    for i in itertools.count():\n        open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))"
    ),
    "prints without end": "    while True:\n        print('x' * 65536); os.write(1, b'x' * 65536)",
    "sleeps": "    import time; time.sleep(10**6)",
    "ignores interrupts": (
        "    import signal\n    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\n    while True:\n"
        "        try:\n            while True:\n                pass\n        except BaseException:\n            pass"
    ),
    "stops itself": "    os.kill(os.getpid(), 19)",
    "leaves a daemon": (
        "    if not os.fork():\n        os.setsid()\n        if not os.fork():\n            os.closerange(0, 64)\n"
        "            os.execv(sys.executable, ['python', '-c', 'import time; time.sleep(999)', '{marker}'])\n"
        "        os._exit(0)\n    return np.zeros_like(x)"
    ),
    "raises what is no exception": "    raise BaseException('out')",
    "raises an error that cannot be shown": (
        "    class Bad(Exception):\n        def __str__(self):\n            os._exit(0)\n    raise Bad"
    ),
}
