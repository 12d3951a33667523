"""What a set-up may lack, and the sentence that says how to get it."""

from __future__ import annotations

import importlib
import sys

#: Module: the name of its package, and the extra of pyproject.toml that brings it.
EXTRAS = {
    "torch": ("torch", "torch"),
    "torchvision": ("torchvision", "torch"),
    "tqdm": ("tqdm", "torch"),
    "sklearn": ("scikit-learn", "data"),
    "matplotlib": ("matplotlib", "plot"),
    "nbgrader": ("nbgrader", "grading"),
    "nbformat": ("nbformat", "grading"),
    "click": ("click", "grading"),
    "rich": ("rich", "grading"),
    "distributed": ("distributed", "cluster"),
    "psycopg2": ("psycopg2-binary", "postgres"),
}


def explain(module: str, part: str) -> str:
    """Say that a part of the course needs a module that is not there, and what installs it."""
    package, extra = EXTRAS.get(module, (module, "student"))
    return (
        f"{part} needs {package}, which is not installed here. Install it in the folder of the course with\n"
        f'    {sys.executable} -m pip install -c constraints.txt -e ".[{extra}]"\n'
        "or set up everything with `make lab`."
    )


def require(module: str, part: str) -> None:
    """Import a module that a part of the package cannot do without.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed, with the sentence of `explain`.
    """
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ModuleNotFoundError(explain(module, part), name=module) from None
