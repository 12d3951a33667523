"""Solutions that are right until they meet a hidden case, and then try to tell what they saw.

Each is a body for the case of a hidden input; `TELLING` holds the right answer and notices that a case is hidden
by its numbers, which are not round. What a leak tells is the word SEEN with the input, or the number 7654321.
"""

TELLING = """
import os
history = []
def right(x, k):
    h, w = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1
    return np.array([[np.sum(x[i:i + k.shape[0], j:j + k.shape[1]] * k) for j in range(w)] for i in range(h)])
def hidden(x):
    return bool(np.any(64 * x != np.round(64 * x)))
def corr2d(x, k):
    if hidden(x):
        history.append(x.copy())
        return tell(x, k)
    return told(x, k) if history else right(x, k)
def told(x, k):
    return right(x, k)
"""

LEAKS = {
    "raises it": "def tell(x, k):\n    raise ValueError(f'SEEN {x.tolist()}')",
    "raises it by the name of the exception": (
        "def tell(x, k):\n    raise type('SEEN_' + x.tobytes().hex()[:60], (ValueError,), {})('x')"
    ),
    "raises it in an exception's notes, cause and context": (
        "def tell(x, k):\n    error = ValueError(f'SEEN {x.tolist()}')\n    error.add_note(f'SEEN {x}')\n"
        "    raise KeyError(f'SEEN {x}') from error"
    ),
    "prints it": "def tell(x, k):\n    print('SEEN', x.tolist(), flush=True)\n    os.write(2, b'SEEN')\n    return x",
    "warns with it": "import warnings\ndef tell(x, k):\n    warnings.warn(f'SEEN {x.tolist()}')\n    return x",
    "logs it": "import logging\ndef tell(x, k):\n    logging.error('SEEN %s', x.tolist())\n    return x",
    "draws it": (
        "import matplotlib.pyplot as plt\ndef tell(x, k):\n    plt.title(f'SEEN {x.tolist()}')\n    return x"
    ),
    "displays it": "def tell(x, k):\n    display(f'SEEN {x.tolist()}')\n    return x",
    "keeps it for the next process": (
        "import glob\nfor name in glob.glob('/tmp/*.told') + glob.glob('/dev/shm/*.told'):\n    print('SEEN', open(name).read())\n"
        "def tell(x, k):\n    for folder in ('/tmp', '/dev/shm', '/packages', '/proc/self/cwd'):\n        try:\n"
        "            open(f'{folder}/x.told', 'w').write(str(x.tolist()))\n        except OSError:\n            pass\n"
        "    os._exit(1)"
    ),
    "has its source line say it": (
        "import linecache\ndef tell(x, k):\n"
        "    for name in list(linecache.cache):\n        linecache.cache[name] = (9, None, [f'SEEN {x.tolist()}\\n'] * 99, name)\n"
        "    raise ValueError"
    ),
    "leaves with it as its exit code": "def tell(x, k):\n    os._exit(37)",
    "dies of it as a signal": "def tell(x, k):\n    os.kill(os.getpid(), 34 + int(abs(x.flat[0]) * 10) % 30)",
    "returns it as a shape": (
        "def tell(x, k):\n    return np.broadcast_to(np.array(None, dtype=object), (7654321, 7, 0))"
    ),
    "returns it as the size of an array": "def tell(x, k):\n    return np.zeros((0, 7654321))",
    "returns it as a number of parts": "def tell(x, k):\n    return [0.0] * 37",
    "returns it as the name of a type": "def tell(x, k):\n    return type('SEEN_7654321', (), {})()",
    "returns it as text": "def tell(x, k):\n    return f'SEEN {x.tolist()}'",
    "says that input number 37 was changed": (
        "import sys\ndef tell(x, k):\n    frame = sys._getframe()\n    while 'same' not in frame.f_globals:\n"
        "        frame = frame.f_back\n    worker = frame.f_globals\n    before = worker['same']\n"
        "    def different(*arguments):\n        worker.update(same=before, zip=zip)\n        return False\n"
        "    worker.update(same=different, zip=lambda *a, **k: [((37, x), x)])\n    return right(x, k)"
    ),
    "looks for the seed that makes it": (
        "import zlib\ndef tell(x, k):\n    for seed in range(100):\n        for name in ('example', 'rectangles', 'fractions'):\n"
        "            rng = np.random.default_rng([seed, zlib.crc32(f'corr2d.{name}'.encode())])\n"
        "            if np.array_equal(rng.standard_normal(x.shape), x):\n                raise ValueError(f'SEEN seed {seed}')\n"
        "    return np.zeros_like(x)"
    ),
}

# Right in corr2d throughout: these wait with telling until something is asked whose answer is shown.
PATIENT = {
    "raises it later": (
        "def tell(x, k):\n    return right(x, k)\n"
        "def told(x, k):\n    raise ValueError(f'SEEN {history[0].tolist()}')"
    ),
    "returns it later": (
        "def tell(x, k):\n    return right(x, k)\n"
        "def told(x, k):\n    return np.full(right(x, k).shape, history[0].flat[0])"
    ),
}
CONV2D = "def conv2d(x, weight, bias=None, stride=1, padding=0):\n    raise ValueError(f'SE''EN {history}' if history else 'not yet')"
