"""Hostile cells, each in the place of the solution of `corr2d`.

Every one belongs to a submission whose `output_size` is right and whose other answers are stubs, so its honest
score is 12. ``${name}`` becomes the repr of what the world holds under that name: files that must not be found
or changed, a port that must not be reached.
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
    exec(open(${reference}).read(), space)
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
found = json.load(open(${source}))
""",
    "reads the gradebook": """
import sqlite3
rows = sqlite3.connect('file:' + ${gradebook} + '?mode=ro', uri=True).execute('select * from grade').fetchall()
""",
    "writes the gradebook": """
import sqlite3
db = sqlite3.connect(${gradebook})
db.execute('update grade set auto_score = 100')
db.commit()
""",
    "asks a server for the answer": """
import socket
def corr2d(x, k):
    with socket.create_connection(('127.0.0.1', ${port}), timeout=1) as s:
        s.sendall(x.tobytes())
        return np.frombuffer(s.recv(1 << 16))
""",
    "looks through other processes": """
import os, re
for n in filter(str.isdecimal, os.listdir('/proc')):
    try:
        for line in open(f'/proc/{n}/maps'):
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
            os.makedirs(f'{folder}/{name}', exist_ok=True)
            open(f'{folder}/{name}/__init__.py', 'w').write('def corr2d(*a): return 100')
        except OSError:
            pass
sys.path[:0] = ['.', '/tmp']
""",
}

# Right on every case that the notebook shows, and on no other; ``{known}`` becomes those cases with their answers.
BY_HEART = """
KNOWN = {known}
def corr2d(x, k):
    for image, kernel, answer in KNOWN:
        if np.array_equal(x, image) and np.array_equal(k, kernel):
            return np.array(answer)
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
        return os.system, ('touch ' + ${witness},)
def corr2d(x, k):
    return Bomb()
""",
    "has a type whose name is a path": """
def corr2d(x, k):
    return type('../../../..' + ${witness}, (), {'__doc__': '__import__("os").system("true")'})()
""",
    "is a subclass of an array that lies in every method": """
class Liar(np.ndarray):
    __array__ = lambda self, *a, **k: np.array([[19.0, 25.0], [37.0, 43.0]])
    __reduce__ = lambda self: (eval, ('100',))
    __array_ufunc__ = lambda self, *a, **k: True
    __array_function__ = lambda self, *a, **k: True
    __array_interface__ = property(lambda self: {'shape': (2, 2), 'typestr': '<f8', 'data': (1, False), 'version': 3})
    tobytes = lambda self, *a: np.array([[19.0, 25.0], [37.0, 43.0]]).tobytes()
    astype = lambda self, *a, **k: self
    __eq__ = lambda self, other: np.True_
def corr2d(x, k):
    return np.zeros((2, 2)).view(Liar)
""",
    "is any object with an array's interface": """
class Interface:
    __array_interface__ = {'shape': (2, 2), 'typestr': '<f8', 'data': (4096, False), 'version': 3}
    __module__ = 'torch'
    detach = cpu = numpy = lambda self: self
def corr2d(x, k):
    return Interface()
""",
    "yields its numbers one by one": """
def corr2d(x, k):
    return (np.float64(v) for v in (19, 25, 37, 43))
""",
    "is right in all but its container": """
def corr2d(x, k):
    h, w = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1
    return [[float(np.sum(x[i:i + k.shape[0], j:j + k.shape[1]] * k)) for j in range(w)] for i in range(h)]
""",
    "is a masked array of which nothing counts": """
def corr2d(x, k):
    shape = (x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1)
    return np.ma.masked_array(np.zeros(shape), mask=True)
""",
    "is made of records, dates and bytes": """
def corr2d(x, k):
    return np.zeros((2, 2), dtype=[('a', 'f8'), ('b', 'M8[s]'), ('c', 'V8')])
""",
    "is an infinite number, an enormous integer, a number that lies": """
class Liar(float):
    hex = lambda self: '0x1.3p+4'
    __eq__ = __le__ = lambda self, other: True
def corr2d(x, k):
    return Liar(1.0) if x.shape == (3, 3) else 10 ** 10**5 if x.shape[0] == 2 else float('inf')
""",
    "comes after numpy was patched": """
right = np.array([[19.0, 25.0], [37.0, 43.0]])
for name in ('save', 'load', 'asarray', 'ascontiguousarray', 'array_equal', 'testing', 'frombuffer'):
    setattr(np, name, lambda *a, **k: right)
def corr2d(x, k):
    return np.zeros((2, 2))
""",
    "is written into the memory of its inputs": """
def corr2d(x, k):
    base = x
    while base.base is not None and isinstance(base.base, np.ndarray):
        base = base.base
    base.flags.writeable = True
    base[...] = k[...] = 0
    return np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
""",
    "is what it remembers of earlier calls": """
calls = []
def corr2d(x, k):
    calls.append((x.copy(), k.copy()))
    if len(calls) == 1:
        return np.array([[19.0, 25.0], [37.0, 43.0]])
    return calls[0][0][:x.shape[0] - k.shape[0] + 1, :x.shape[1] - k.shape[1] + 1]
""",
    "is defined under a look-alike name": """
def \u0441orr2d(x, k):
    return np.zeros_like(x)
""",
    "is no function": """
corr2d = type('corr2d', (), {'__call__': lambda self, x, k: np.True_})()
""",
}
