"""Run suites of measurements: ``python -m benchmarks [SUITE ...] [--repeats N] [--threads N]``."""

from __future__ import annotations

import argparse
import importlib
import os

from benchmarks import SUITES


def main() -> None:
    """Read the command line, fix the threads before NumPy and torch start theirs, run, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"{', '.join(SUITES)}; default: all")
    parser.add_argument("--repeats", type=int, default=15, help="turns of each program (default 15)")
    parser.add_argument("--threads", type=int, default=2, help="threads of BLAS and of torch (default 2)")
    options = parser.parse_args()
    unknown = [name for name in options.suites if name not in SUITES]
    if unknown or options.repeats < 1 or options.threads < 1:
        parser.error(f"expected suites of {', '.join(SUITES)} and positive numbers, got {options}")
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(options.threads)

    import torch

    from benchmarks._harness import save

    torch.set_num_threads(options.threads)
    for name in options.suites or SUITES:
        tables = importlib.import_module(SUITES[name]).measure(options.repeats)
        print(*tables, sep="\n\n", end="\n\n", flush=True)
        print(f"written to {save(name, tables)}\n")


if __name__ == "__main__":
    main()
