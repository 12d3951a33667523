"""Collect the sentences of ``datasets.load("sentences")`` from the docstrings of the installed libraries.

``python tools/collect_sentences.py`` writes ``course_lib/datasets/texts/sentences.txt`` anew. Other releases
of the libraries give other sentences, and then chapter 18 and its stored runs have to be made again: the file
is the data set, this program says how it was made. A sentence is taken from the running text of a docstring
if it has 8 to 30 words, no code, formula or name with an underscore, and shares no run of five words with one
taken before. Each library gives as many as the others; all sentences of one file go to one part.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parents[1] / "course_lib" / "datasets" / "texts" / "sentences.txt"
LIBRARIES = {"matplotlib": "matplotlib", "numpy": "numpy", "scikit-learn": "sklearn", "torch": "torch"}
PARTS = {"train": 500, "validation": 150, "test": 150}  # sentences of each library
# Tests, parts of other projects, compilers, and what few readers meet.
LEFT_OUT = re.compile(
    r"/(tests?|testing|_vendor|externals|f2py|sphinxext|backends|_inductor|_dynamo|onnx|distributed|fx|ao|jit"
    r"|_?export|_functorch|_refs|_prims\w*|_decomp|_subclasses|_library|_higher_order_ops|package|hipify|_sympy)/"
)
WORDS = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]+")
CODE = re.compile(r"\w\.\w|_|[a-z][A-Z]|\d\D*\d\D*\d\D*\d|\b(?:al|etc|vs|Fig)\.|^Notes |^Examples |\bXXX\b")
RUN = 5


def docstrings(path: Path) -> Iterator[str]:
    """Every docstring of a file, those that are added by a call included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Call) and re.search("newdoc|docstr", ast.unparse(node.func)):
            inside = (part for argument in node.args for part in ast.walk(argument))
            constants = (part.value for part in inside if isinstance(part, ast.Constant))
            yield from (inspect.cleandoc(text) for text in constants if isinstance(text, str))


def sentences(docstring: str) -> Iterator[str]:
    """The sentences of a docstring's running text."""
    for block in re.split(r"\n\s*\n|\n\s*[-*] |\n(?=\s*[\w, *]+ : )", docstring):
        lines = [
            line
            for line in block.split("\n")
            if not re.match(r"\s*(>>>|\.\.|\||=|---|#|:)|[\w, *]+ : ", line)
        ]
        text = re.sub(r":\w+:`~?\.?([^`<]*)`", r"\1", " ".join(" ".join(lines).split()))
        for sentence in re.split(r"(?<=[a-z0-9)`]\.) +(?=[A-Z])", re.sub(r"[`*]+", "", text)):
            words = WORDS.findall(sentence.lower())
            prose = re.fullmatch(r"[A-Z][A-Za-z0-9 ,;'()-]+\.", sentence) and not CODE.search(sentence)
            whole = sentence.count("(") == sentence.count(")")
            if (
                prose
                and whole
                and 8 <= len(words) <= 30
                and sum(len(w) > 1 for w in words) > 0.85 * len(words)
            ):
                yield sentence


def files(package: str) -> Iterator[tuple[str, list[str]]]:
    """A library's files, in an order drawn once, with their sentences."""
    folder = Path(util.find_spec(package).origin).parent
    paths = sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix())
    for place in np.random.default_rng(0).permutation(len(paths)):
        name = paths[place].relative_to(folder.parent).as_posix()
        if not LEFT_OUT.search(name):
            yield name, [text for doc in docstrings(paths[place]) for text in sentences(doc)]


def new_ones(texts: list[str], seen: set[tuple[str, ...]]) -> list[str]:
    """Those that share no run of words with what was seen, and note their runs."""
    kept = []
    for text in texts:
        words = WORDS.findall(text.lower())
        runs = {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}
        if not runs & seen:
            kept.append(text)
            seen |= runs
    return kept


def main() -> None:
    """Write the file: a line for each sentence, under a line for each file that it is from."""
    lines, seen = [], set()
    for label, package in LIBRARIES.items():
        wanted, missing = iter(PARTS.items()), 0
        for name, texts in files(package):
            if not missing:
                part, missing = next(wanted, (None, 0))
                if part is None:
                    break
            # No file gives more than a tenth of a part, so that many are in it.
            kept = new_ones(texts, seen)[: min(missing, PARTS[part] // 10)]
            missing -= len(kept)
            if kept:
                lines += [f"# {label} | {part} | {name} of {metadata.version(label)}", *kept]
        if missing:
            raise SystemExit(f"{label} has {missing} sentences too few for {part}")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{TARGET}: {len(lines)} lines, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
