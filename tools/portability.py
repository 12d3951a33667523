"""Run chapters, doctests and numerical unit tests as other processors would run them, on this one.

    python tools/portability.py                       # every machine that this processor can play
    python tools/portability.py --each                # and every library by itself, to find which one differs
    python tools/portability.py --ci                  # the two that differ most from this machine
    python tools/portability.py --only oldest --chapters 05
    python tools/portability.py --list                # what there is, and what is left out here

BLAS, NumPy, PyTorch and oneDNN choose their kernels by the processor; environment variables make them choose
others. A setting plays a whole machine; `make test` runs the native one. A short program asks the libraries
what they chose: a setting that changes nothing here, or that this processor cannot run, is named and left
out.
"""

import argparse
import ast
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from compare_chapters import ROOT, nbval_command

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# What the libraries chose, as JSON. Each is made to work once: an instruction that is missing stops it here.
PROBE = """
import json
import numpy as np
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
import threadpoolctl
import torch

for dtype in (np.float32, np.float64):
    np.ones((64, 64), dtype) @ np.ones((64, 64), dtype)
torch.nn.functional.conv2d(torch.ones(1, 8, 16, 16), torch.ones(8, 8, 3, 3))
blas = [pool for pool in threadpoolctl.threadpool_info() if pool["internal_api"] == "openblas"]
print(json.dumps({
    "openblas": sorted({pool["architecture"].lower() for pool in blas}),
    "numpy": [name for name in __cpu_dispatch__ if __cpu_features__[name]],
    "torch": torch.backends.cpu.get_cpu_capability().lower(),
    "threads": [torch.get_num_threads(), *(pool["num_threads"] for pool in blas)],
}))
"""


def blas(kernel):
    """OpenBLAS with the kernels of one processor."""
    return {"OPENBLAS_CORETYPE": kernel}


def threads(count):
    """Every library with so many threads. A chapter that sets PyTorch's number itself keeps its own."""
    return dict.fromkeys(THREADS, str(count))


def settings(dispatched, each=True):
    """Map each setting's name to its environment; `dispatched` are the features NumPy found here."""
    plain = {"NPY_DISABLE_CPU_FEATURES": " ".join(dispatched)} if dispatched else {}
    newer = [name for name in dispatched if name not in ("AVX2", "FMA3", "X86_V3")]
    laptop = {"NPY_DISABLE_CPU_FEATURES": " ".join(newer)} if newer else {}
    torch, onednn = "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"
    every = {
        # Whole machines: one without AVX and with one core, a laptop of the last ten years, ...
        "oldest": blas("Nehalem") | plain | {torch: "default", onednn: "SSE41"} | threads(1),
        "laptop": blas("Haswell") | laptop | {torch: "avx2", onednn: "AVX2"} | threads(2),
        # ... and crosses, in which every library meets another choice of the others.
        "cross-1": blas("SkylakeX") | plain | {torch: "avx2", onednn: "SSE41"} | threads(1),
        "cross-2": blas("Nehalem") | laptop | {onednn: "AVX2"} | threads(2),
        "cross-3": blas("Haswell") | {torch: "default"} | threads(1),
        "cross-4": blas("Zen") | plain | {torch: "default"} | threads(2),
    }
    if each:
        every |= {
            "native": {},
            "openblas-nehalem": blas("Nehalem"),
            "openblas-haswell": blas("Haswell"),
            "openblas-skylakex": blas("SkylakeX"),
            "openblas-zen": blas("Zen"),
            "numpy-baseline": plain,
            "torch-default": {torch: "default"},
            "torch-avx2": {torch: "avx2"},
            "onednn-sse41": {onednn: "SSE41"},
            "one-thread": threads(1),
            "two-threads": threads(2),
        }
    return every


def probe(environment):
    """What the libraries choose under an environment, or None where the processor cannot run it."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE],
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return None
    return json.loads(done.stdout) | {"onednn": environment.get("ONEDNN_MAX_CPU_ISA", "")}


def reason_to_leave_out(environment, chosen, native):
    """Why a setting tells nothing on this machine, or an empty string."""
    if chosen is None:
        return "this processor cannot run it"
    kernel = environment.get("OPENBLAS_CORETYPE", "").lower()
    if kernel and chosen["openblas"] != [kernel]:
        return f"OpenBLAS took {' and '.join(chosen['openblas']) or 'nothing'} instead of {kernel}"
    if environment and chosen == native:
        return "the same as native here"
    return ""


def numerical(path):
    """Whether a test file computes: it imports NumPy or PyTorch, or the tests' oracle, which does."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    return bool({"numpy", "torch", "_oracle"} & imported)


def commands(chapters, workers):
    """Map each part's name to its command."""
    folder = ROOT / "chapters"
    notebooks = sorted(path for path in folder.glob("*.ipynb") if not chapters or path.name[:2] in chapters)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    units = [path for path in sorted((ROOT / "tests" / "unit").glob("test_*.py")) if numerical(path)]
    parts = {"chapters": nbval_command(notebooks, min(workers, len(notebooks)))}
    if not chapters:
        parts["doctests"] = [*pytest, "--doctest-modules", "course_lib"]
        parts["units"] = [*pytest, "-n", str(workers), "--dist", "loadscope", *map(str, units)]
    return parts


def run(name, environment, parts):
    """Run one setting's parts, all of them; return a line for each with its result and its time."""
    print(f"\n== {name}: {' '.join(f'{key}={value!r}' for key, value in environment.items()) or 'as it is'}")
    lines = {}
    for part, command in parts.items():
        started = time.perf_counter()
        status = subprocess.run(
            command, cwd=ROOT, env=os.environ | {"COURSE_QUIET": "1"} | environment
        ).returncode
        lines[part] = ("passed" if status == 0 else "FAILED", time.perf_counter() - started)
        print(f"== {name}: {part} {lines[part][0]} in {lines[part][1]:.0f} s", flush=True)
    return lines


def chosen_settings(options):
    """The settings to run, with their environments, and what is left out, with its reason."""
    native = probe({})
    if native is None:
        raise SystemExit("portability: NumPy and PyTorch do not run here; try make distclean, then make test")
    every = settings(native["numpy"])
    if unknown := set(options.only) - set(every):
        raise SystemExit(
            f"portability: no setting {', '.join(sorted(unknown))}; there are {', '.join(every)}"
        )
    names = options.only or list(settings(native["numpy"], options.each))
    with ThreadPoolExecutor(options.workers) as pool:
        chosen = dict(zip(names, pool.map(lambda name: probe(every[name]), names), strict=True))
    to_run, left_out = {}, {}
    for name in names:
        reason = reason_to_leave_out(every[name], chosen[name], native)
        if reason:
            left_out[name] = reason
        else:
            to_run[name] = every[name]
    if options.ci:
        to_run = dict(list(to_run.items())[:2])
    return to_run, left_out


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these settings")
    parser.add_argument(
        "--chapters", nargs="+", default=[], metavar="NN", help="these chapters, and nothing else"
    )
    parser.add_argument("--parts", nargs="+", default=[], metavar="PART", help="chapters, doctests, units")
    parser.add_argument("--ci", action="store_true", help="the two that differ most from native")
    parser.add_argument("--each", action="store_true", help="every library by itself as well")
    parser.add_argument("--list", action="store_true", help="run nothing")
    parser.add_argument("--workers", type=int, default=2, help="processes side by side (default 2)")
    options = parser.parse_args(arguments)
    to_run, left_out = chosen_settings(options)
    parts = commands(options.chapters, options.workers)
    parts = {name: command for name, command in parts.items() if not options.parts or name in options.parts}
    results = {} if options.list else {name: run(name, to_run[name], parts) for name in to_run}
    print()
    for name in to_run:
        cells = [f"{part} {word} {seconds:5.0f} s" for part, (word, seconds) in results.get(name, {}).items()]
        print(f"  {name:18}", " | ".join(cells))
    for name, reason in left_out.items():
        print(f"  {name:18} left out: {reason}")
    return int(any(word == "FAILED" for lines in results.values() for word, _ in lines.values()))


if __name__ == "__main__":
    sys.exit(main())
