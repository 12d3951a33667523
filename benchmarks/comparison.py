"""The runs of chapters 07 to 13's comparison: ``python -m benchmarks.comparison [--data NAME] [--resume]``.

Two processes of one thread each take run after run from one list: the search of each network's learning rate,
its three seeds at the rate taken, and the control of the networks without convolutions. What is finished is
written after every run, whole or not at all, to ``course_lib/comparison/runs_of/NAME.json``, so that an
interruption loses no more than what was being computed; ``--resume`` goes on from there. The protocol is
that of `course_lib.comparison`. The weights of one run are kept in ``course_lib/comparison/weights_of/``. At
the end the tables that the book renders are written to ``results/comparison_NAME.json``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
if __name__ in ("__main__", "__mp_main__"):
    for variable in THREADS:  # before NumPy and torch start theirs
        os.environ[variable] = "1"

import torch  # noqa: E402

import course_lib.comparison as comparison  # noqa: E402
from benchmarks._harness import Table, machine, save  # noqa: E402
from course_lib.comparison import ComparisonData, Records, Run  # noqa: E402
from course_lib.reporting import cost  # noqa: E402

FOLDER = Path(comparison.__file__).parent / "runs_of"
WEIGHTS = FOLDER.parent / "weights_of"
KEPT = ("resnet", "seed", 0, "shapes")  # the run whose weights later chapters start from
BASELINES = ("softmax", "mlp")
WORKERS = 2
Task = tuple[str, str, int, float]  # network, role, seed, rate

_data: ComparisonData | None = None  # a worker's own copy, loaded once


def start_worker(name: str) -> None:
    """Load a worker's data and keep it to one thread."""
    global _data
    torch.set_num_threads(1)
    _data = comparison.load_data(name)


def work(task: Task) -> Run:
    """Make one run."""
    network, role, seed, rate = task
    updates = comparison.UPDATES * (comparison.CONTROL if role == "control" else 1)
    look = role != "search"  # the search sees validation data and nothing else
    options = {"rate": rate, "updates": updates, "role": role, "look_at_test": look}
    trained = comparison.train(network, seed, _data, **options)
    if (network, role, seed, _data.name) == KEPT:
        WEIGHTS.mkdir(exist_ok=True)
        comparison.save_weights(WEIGHTS / f"{network}_{_data.name}.npz", trained.model, _data)
    return trained.run


def open_tasks(records: Records, names: list[str]) -> Iterator[Task]:
    """What can be started now and is not yet done: a network's seeds wait for its search."""
    done = {(run.network, run.role, run.seed, run.rate) for run in records.runs}
    for name in names:
        searches = [(name, "search", comparison.SEARCH_SEED, rate) for rate in comparison.RATES]
        if missing := [task for task in searches if task not in done]:
            yield from missing
            continue
        roles = ("seed", "control") if name in BASELINES else ("seed",)
        seeds = [(name, role, seed, records.rate(name)) for role in roles for seed in comparison.SEEDS]
        yield from (task for task in seeds if task not in done)


def new_records(data: ComparisonData) -> Records:
    """Records without a run: the protocol, the machine, and what every network costs."""
    networks = {}
    for name, network in comparison.NETWORKS.items():
        price = cost(comparison.build(name, data).eval(), (data.in_channels, 64, 64))
        networks[name] = {"label": network.label, "parameters": price.parameters, "multiply_adds": price.macs}
    protocol = {
        "updates": comparison.UPDATES,
        "batch_size": comparison.BATCH_SIZE,
        "rounds": comparison.ROUNDS,
        "optimiser": "AdamW, warm-up and half a cosine",
        "weight_decay": comparison.WEIGHT_DECAY,
        "rates": list(comparison.RATES),
        "search_seed": comparison.SEARCH_SEED,
        "seeds": list(comparison.SEEDS),
        "control": comparison.CONTROL,
        "train": len(data.train.labels),
        "validation": len(data.validation.labels),
        "test": len(data.test.labels),
    }
    told = {key: value for key, value in machine().items() if key not in ("load", "threads", "blas_threads")}
    command = f"python -m benchmarks.comparison --data {data.name}"
    provenance = {"command": command, "processes": WORKERS, "threads_each": 1} | told
    return Records(data.name, protocol, provenance, networks)


def check_same(old: Records, new: Records) -> None:
    """Refuse to mix runs of different protocols, networks or versions of torch in one file."""
    if old.protocol != new.protocol:
        sys.exit(f"expected the protocol of the runs to resume, {old.protocol}, got {new.protocol}")
    for name, facts in old.networks.items():
        if any(run.network == name for run in old.runs) and new.networks.get(name) != facts:
            sys.exit(f"expected {name} as in the runs to resume, {facts}, got {new.networks.get(name)}")
    for key in ("torch", "processor"):
        if old.provenance[key] != new.provenance[key]:
            sys.exit(
                f"expected {key} {old.provenance[key]} as in the runs to resume, got {new.provenance[key]}"
            )


def run_all(records: Records, names: list[str], path: Path) -> None:
    """Keep two workers busy until nothing is left to start, and write after every run."""
    context = get_context("spawn")
    running: dict[Future, Task] = {}
    with ProcessPoolExecutor(WORKERS, context, start_worker, (records.data,)) as pool:
        while True:
            waiting = [task for task in open_tasks(records, names) if task not in running.values()]
            for task in waiting[: WORKERS - len(running)]:
                running[pool.submit(work, task)] = task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                records.runs.append(future.result())
                records.save(path)
                print(line(records.runs[-1]), flush=True)


def line(run: Run) -> str:
    """One run in one line."""
    if run.failed:
        return f"{run.network:<10} {run.role:<7} seed {run.seed:<4} rate {run.rate:<6} failed: {run.failed}"
    test = "" if run.test_accuracy is None else f"  test {run.test_accuracy:.3f}"
    return (
        f"{run.network:<10} {run.role:<7} seed {run.seed:<4} rate {run.rate:<6} {run.seconds:5.0f} s  "
        f"training {run.train_accuracy:.3f}  validation {run.val_accuracy[-1]:.3f}{test}"
    )


def percent(values: list[float]) -> list[str]:
    """Accuracies as the table shows them."""
    return [f"{100 * value:.1f}" for value in values]


def accuracies(records: Records, names: list[str]) -> Table:
    """The comparison in one table, the control below it."""
    columns = ["network", "parameters", "million multiply-adds", "rate", "seconds a run"]
    columns += ["test accuracy in %, seed by seed", "training accuracy in %"]
    table = Table(f"The comparison on {records.data}", columns)
    for role in ("seed", "control"):
        for name in names if role == "seed" else [name for name in names if name in BASELINES]:
            runs, facts = records.of(name, role), records.networks[name]
            longer = f", {comparison.CONTROL} times the updates" if role == "control" else ""
            found = [
                percent([getattr(run, key) or 0.0 for run in runs])
                for key in ("test_accuracy", "train_accuracy")
            ]
            table.rows.append(
                [
                    facts["label"] + longer,
                    f"{facts['parameters']:,}",
                    f"{facts['multiply_adds'] / 1e6:.2f}",
                    f"{runs[0].rate:g}",
                    f"{sorted(run.seconds for run in runs)[len(runs) // 2]:.0f}",
                    *(" / ".join(values) for values in found),
                ]
            )
    p = records.protocol
    table.notes = [
        f"{p['updates']} updates on {p['batch_size']} images each; {p['train']:,} images to train on, "
        f"{p['validation']:,} to choose by, {p['test']:,} to test on, looked at once per seed",
        "seconds: processor time of one thread, measurements on validation data included",
    ]
    return table


def searches(records: Records, names: list[str]) -> Table:
    """What the search saw."""
    rates = [f"{rate:g}" for rate in comparison.RATES]
    table = Table("Validation accuracy in % at the end of the search's runs", ["network", *rates, "taken"])
    for name in names:
        found = {run.rate: run.val_accuracy for run in records.of(name, "search")}
        cells = [f"{100 * found[rate][-1]:.1f}" if found[rate] else "failed" for rate in comparison.RATES]
        table.rows.append([records.networks[name]["label"], *cells, f"{records.rate(name):g}"])
    table.notes = [f"one seed, {comparison.SEARCH_SEED}, used for nothing else"]
    return table


def main() -> None:
    """Read the command line, make the runs that are missing, print and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.comparison", description=__doc__)
    parser.add_argument("--data", choices=comparison.DATA, default=comparison.DATA[0])
    parser.add_argument("--only", nargs="+", choices=list(comparison.NETWORKS), metavar="NETWORK")
    parser.add_argument("--resume", action="store_true", help="keep the runs that are there")
    options = parser.parse_args()
    path = FOLDER / f"{options.data}.json"
    records = new_records(comparison.load_data(options.data))
    if options.resume and path.exists():
        old = comparison.read_records(path)
        check_same(old, records)
        records.runs, records.provenance = old.runs, old.provenance
    elif options.only and not options.resume:
        parser.error("--only adds to runs that are there: use it with --resume")
    FOLDER.mkdir(exist_ok=True)
    records.save(path)
    run_all(records, options.only or list(comparison.NETWORKS), path)
    finished = [name for name in comparison.NETWORKS if not list(open_tasks(records, [name]))]
    tables = [accuracies(records, finished), searches(records, finished)]
    print(*tables, sep="\n\n")
    print(f"written to {path} and {save(f'comparison_{options.data}', tables)}")


if __name__ == "__main__":
    main()
