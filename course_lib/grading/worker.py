"""Runs a submission's cells inside the jail and answers calls of its functions.

One file, standard library and NumPy only: it is the single file of the course that the jail can see. Whatever
the submission does to this process, the outside treats every byte that leaves it as hostile, so nothing here
needs to be defended; it only has to be right for honest work.

A frame is a 4-byte big-endian length, that many bytes of JSON, then the blobs whose sizes the JSON lists
under "blobs". Arrays come in as .npy and go out as raw little-endian bytes with dtype and shape in the JSON.
"""

import ast
import io
import json
import linecache
import os
import resource
import signal
import struct
import sys
import types

PARTS = 64  # blobs in a reply, and figures in a cell
DEPTH = 4  # nesting of a returned tuple


class SoftTimeout(BaseException):
    """Raised in the student's code when its time is up."""


def read_exactly(stream, count):
    data = stream.read(count)
    if len(data) != count:
        os._exit(0)  # the outside has gone
    return data


def receive(stream):
    (length,) = struct.unpack(">I", read_exactly(stream, 4))
    header = json.loads(read_exactly(stream, length))
    return header, [read_exactly(stream, size) for size in header["blobs"]]


def send(stream, header, blobs=()):
    data = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    stream.write(struct.pack(">I", len(data)) + data)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def decode(tree, blobs):
    """Rebuild an argument sent by the outside."""
    import numpy as np

    kind = tree["k"]
    if kind == "array":
        array = np.load(io.BytesIO(blobs[tree["v"]]), allow_pickle=False)
        array.flags.writeable = not tree.get("frozen", False)
        return array
    if kind in ("tuple", "list"):
        items = [decode(item, blobs) for item in tree["v"]]
        return tuple(items) if kind == "tuple" else items
    if kind == "int":
        return int(tree["v"])
    if kind == "float":
        return float.fromhex(tree["v"])
    return tree["v"]  # none, bool, str


def encode(value, blobs, depth=0):
    """Describe a returned value in the fixed format; what the format lacks is sent as its type's name."""
    import numpy as np

    if value is None or isinstance(value, bool):
        return {"k": "bool" if isinstance(value, bool) else "none", "v": value}
    if isinstance(value, int):
        short = int(value).bit_length() < 1000
        return {"k": "int", "v": str(int(value))} if short else {"k": "other", "v": "int"}
    if isinstance(value, float) and not isinstance(value, np.generic):
        return {"k": "float", "v": float(value).hex()}
    if isinstance(value, str):
        return {"k": "str", "v": str(value)[:10000]}
    if isinstance(value, (tuple, list)) and depth < DEPTH and len(value) <= PARTS:
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {"k": kind, "v": [encode(item, blobs, depth + 1) for item in value]}
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return encode_array(value, blobs)
    return {"k": "other", "v": type(value).__name__[:80]}


def encode_array(value, blobs):
    import numpy as np

    array = np.asarray(value)
    shape = [int(n) for n in array.shape]
    if array.dtype.kind not in "biufc":
        return {"k": "objects", "shape": shape}
    if array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        array = array.astype("c16" if array.dtype.kind == "c" else "f8")
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    blobs.append(array.tobytes())
    kind = "scalar" if isinstance(value, np.generic) else "array"
    return {"k": kind, "dtype": array.dtype.str, "shape": shape, "v": len(blobs) - 1}


class Capture(io.TextIOBase):
    """Keeps the first part of what is printed."""

    def __init__(self, name, outputs, room):
        self.name, self.outputs, self.room = name, outputs, room

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        kept = text[: self.room[0]]
        self.room[0] -= len(kept)
        if kept and self.outputs and self.outputs[-1].get("name") == self.name:
            self.outputs[-1]["text"] += kept
        elif kept:
            self.outputs.append({"name": self.name, "text": kept})
        return len(text)


def describe(error):
    """Type, message and place of an exception in the student's own cells."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("<cell "):
            frames.append((name, trace.tb_lineno, trace.tb_frame.f_code.co_name))
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        frames.append((str(error.filename), error.lineno or 0, "<module>"))
    names = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    try:
        message = str(error)
    except BaseException:
        message = ""
    line = frames[-1][1] if frames else 0
    source = linecache.getline(frames[-1][0], line).strip() if frames else ""
    return {
        "type": type(error).__name__[:80],
        "builtin": names[0] if names else "Exception",
        "message": message[:2000],
        "line": line,
        "where": frames[-1][2][:80] if frames else "",
        "source": source[:200],
    }


def guarded(action, seconds):
    """Run student code; return its value and None, or None and how it failed."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return action(), None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except SoftTimeout:
        return None, {"status": "timeout"}
    except MemoryError as error:
        return None, {"status": "memory", **describe(error)}
    except BaseException as error:
        return None, {"status": "error", **describe(error)}


def plain(source):
    """The cell without IPython's magics, which only Jupyter understands."""
    try:
        ast.parse(source)
        return source
    except (SyntaxError, ValueError):
        pass
    lines = source.split("\n")
    for i, line in enumerate(lines):
        stripped = line.lstrip()
        if stripped.startswith(("%", "!", "?")) or line.rstrip().endswith("?"):
            lines[i] = line[: len(line) - len(stripped)] + "pass"
    return "\n".join(lines)


def run_cell(name, source, namespace, outputs):
    """Execute one cell; the value of a last expression is shown like Jupyter does."""
    source = plain(source)
    filename = f"<cell {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    tree = ast.parse(source, filename)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, filename, "exec"), namespace)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), filename, "eval"), namespace)
        if value is not None and not source.rstrip().endswith(";"):
            outputs.append({"result": repr(value)[:10000]})


def figures(outputs, blobs):
    """Take the open matplotlib figures as png."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums()[:PARTS]:
        buffer = io.BytesIO()
        pyplot.figure(number).savefig(buffer, format="png", dpi=72, bbox_inches="tight")
        outputs.append({"png": len(blobs)})
        blobs.append(buffer.getvalue())
    pyplot.close("all")


def do_cell(request, namespace, limits):
    outputs, blobs, room = [], [], [limits["output_kb"] * 1024]
    sys.stdout, sys.stderr = Capture("stdout", outputs, room), Capture("stderr", outputs, room)

    def action():
        run_cell(request["name"], request["source"], namespace, outputs)
        figures(outputs, blobs)

    _, failure = guarded(action, limits["cell_seconds"])
    sys.stdout, sys.stderr = Capture("stdout", [], [0]), Capture("stderr", [], [0])
    return {"failure": failure, "outputs": outputs}, blobs


def same(before, after):
    import numpy as np

    if isinstance(before, np.ndarray):
        return before.shape == after.shape and before.tobytes() == after.tobytes()
    return not isinstance(before, (tuple, list)) or (
        len(before) == len(after) and all(map(same, before, after))
    )


def do_call(request, arguments, namespace, limits):
    function = namespace.get(request["function"])
    if function is None:
        return {"failure": {"status": "undefined"}}, []
    positional = [decode(tree, arguments) for tree in request["args"]]
    named = {name: decode(tree, arguments) for name, tree in request["kwargs"].items()}
    given = list(enumerate(positional)) + list(named.items())
    fresh = [decode(tree, arguments) for tree in request["args"]]
    fresh += [decode(tree, arguments) for tree in request["kwargs"].values()]
    value, failure = guarded(lambda: function(*positional, **named), request["seconds"])
    if failure:
        return {"failure": failure}, []
    for (which, after), before in zip(given, fresh, strict=True):
        if not same(before, after):
            return {"failure": {"status": "changed", "which": which}}, []
    blobs = []
    value, failure = guarded(lambda: encode(value, blobs), request["seconds"])
    return {"failure": failure, "value": value}, [] if failure else blobs


def set_limits(limits):
    seconds = int(limits["submission_seconds"]) + 5
    for name, amount in [
        ("RLIMIT_AS", limits["memory_mb"] << 20),
        ("RLIMIT_NPROC", limits["processes"]),
        ("RLIMIT_FSIZE", limits["file_mb"] << 20),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_NOFILE", 128),
        ("RLIMIT_CORE", 0),
    ]:
        if limits.get("unsafe") and name == "RLIMIT_NPROC":
            continue  # it would count every process of the person who runs this
        try:
            resource.setrlimit(getattr(resource, name), (amount, amount))
        except (ValueError, OSError):
            if not limits.get("unsafe"):
                raise


def make_namespace():
    """The namespace of the cells, with stand-ins for what only a kernel or the course has."""
    package, grading = types.ModuleType("course_lib"), types.ModuleType("course_lib.grading")
    package.__path__ = []
    package.grading = grading
    grading.check = lambda function, name, *, hidden=False: None
    sys.modules.update({"course_lib": package, "course_lib.grading": grading})
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    main.display = lambda *values, **options: print(*values)
    return main.__dict__


def on_alarm(signum, frame):
    raise SoftTimeout


def answer(request, blobs, namespace, limits):
    if request["do"] == "cell":
        return do_cell(request, namespace, limits)
    if request["do"] == "file":
        decode(request["args"][0], blobs).tofile(request["name"])  # handed in beside the notebook
        return {"failure": None}, []
    return do_call(request, blobs, namespace, limits)


def serve(requests, replies):
    """Take the limits, say that all is ready, and answer until the outside has gone."""
    limits, _ = receive(requests)
    sys.path.append(os.environ.pop("COURSE_PACKAGES", ""))
    set_limits(limits)
    signal.signal(signal.SIGALRM, on_alarm)
    namespace = make_namespace()
    send(replies, {"ready": True, "id": limits["id"]})
    while True:
        request, blobs = receive(requests)
        header, blobs = answer(request, blobs, namespace, limits)
        send(replies, {**header, "id": request["id"]}, blobs)


def main():
    """Keep the pipes for the outside; whoever prints to the descriptors prints to nobody."""
    replies, requests = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    serve(requests, replies)


if __name__ == "__main__":
    main()
