"""Which files a test, a module or a chapter depends on, read from its code name by name.

A package's ``__init__`` that hands names on ties everything to everything: who imports ``max_pool2d`` from
``course_lib.functional`` need not depend on ``conv2d``. So names are followed to the file that defines them,
attributes (``functional.max_pool2d``) and the names in a test's strings among them. Whoever uses a package in
another way, say its ``__all__``, depends on the whole of it.
"""

import ast
import json
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def code(path):
    """The syntax tree of a module, or of a notebook's code cells without Jupyter's own commands."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = ["".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
        lines = "\n".join(cells).splitlines()
        text = "\n".join("pass" if line.startswith(("%", "!")) else line for line in lines)
    return ast.parse(text)


class Graph:
    """The files of a repository and what they use; tests import helpers beside them and in tests/grading."""

    def __init__(self, root=ROOT):
        self.root = root
        self.module, self.handed_on = cache(self.module), cache(self.handed_on)
        self.resolve, self.uses = cache(self.resolve), cache(self.uses)

    def module(self, dotted, beside=None):
        """The file of a module, or None where the repository has none of that name."""
        roots = (self.root, beside or self.root, self.root / "tests" / "grading")
        bases = (root.joinpath(*dotted.split(".")) for root in roots)
        paths = (path for base in bases for path in (base.with_suffix(".py"), base / "__init__.py"))
        return next((path for path in paths if path.is_file()), None)

    def handed_on(self, init):
        """The names that a package's ``__init__`` imports, each with the dotted name that it stands for."""
        nodes = [node for node in code(init).body if isinstance(node, ast.ImportFrom)]
        return {a.asname or a.name: f"{node.module}.{a.name}" for node in nodes for a in node.names}

    def resolve(self, dotted, beside=None):
        """The files that define a dotted name, and the ``__init__`` files that only hand it on."""
        parts = dotted.split(".")
        heads = [".".join(parts[: end + 1]) for end in range(len(parts))]
        known = [(head, self.module(head, beside)) for head in heads if self.module(head, beside)]
        if not known:
            return set(), set()
        head, path = known[-1]
        passed = {init for _, init in known[:-1]}
        if path.name != "__init__.py":
            return {path}, passed
        rest = (dotted[len(head) + 1 :].split(".") or [""])[0]
        names = self.handed_on(path)
        if not rest:
            return set(), passed | {path}
        if rest != "*" and (rest not in names or names[rest] == f"{head}.{rest}"):
            return {path}, passed
        found = [self.resolve(name) for name in (names.values() if rest == "*" else [names[rest]])]
        files = set().union(*(files for files, _ in found)) | ({path} if rest == "*" else set())
        return files, passed.union({path}, *(more for _, more in found))

    def uses(self, path):
        """The dotted names that a file uses; ``package.*`` where it uses a package as an object."""
        tree, bound, names = code(path), {}, set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
                bound |= {a.asname: a.name for a in node.names if a.asname}
                bound |= {a.name.split(".")[0]: a.name.split(".")[0] for a in node.names if not a.asname}
            elif isinstance(node, ast.ImportFrom) and node.module:
                bound |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        return names | set(bound.values()) | set(_used(tree, bound))

    def named_in_strings(self, path):
        """What a test's strings name: ``"max_pool2d"``, ``"course_lib.models.vgg.VGG"``, ``"check_machine"``.

        A bare name counts where the test, or a helper that it imports, uses the package that hands it on.
        """
        texts = (node.value for node in ast.walk(code(path)) if isinstance(node, ast.Constant))
        strings = {text for text in texts if isinstance(text, str) and text.replace(".", "_").isidentifier()}
        helpers = set().union(*(self.resolve(name, path.parent)[0] for name in self.uses(path)))
        used = self.uses(path).union(*(self.uses(file) for file in helpers if "tests" in file.parts))
        packages = {name.split(".")[1] for name in used if name.startswith("course_lib.")}
        inits = {
            p: self.module(f"course_lib.{p}") for p in packages if (self.root / "course_lib" / p).is_dir()
        }
        short = {
            f"course_lib.{p}.{s}" for p, init in inits.items() for s in strings & self.handed_on(init).keys()
        }
        tools = {f"tools.{text}" for text in strings if self.module(f"tools.{text}")}
        return short | tools | {text for text in strings if text.startswith("course_lib.")}

    def needs(self, path):
        """Every file that a file depends on, itself included, and the ``conftest.py`` files above a test."""
        found, passed, pending = set(), set(), [path]
        while pending:
            at = pending.pop()
            if at in found:
                continue
            found.add(at)
            names = self.uses(at)
            if "tests" in at.parts:
                names = names | self.named_in_strings(at)
                pending += [
                    folder / "conftest.py" for folder in at.parents if (folder / "conftest.py").is_file()
                ]
            for name in names:
                files, more = self.resolve(name, at.parent)
                pending += files
                passed |= more
        return found | passed


def _used(tree, bound):
    """Dotted names of attributes of what imports bound; ``name.*`` for a bare use that is no ``getattr``."""
    inner = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    inner |= {id(n.args[0]) for n in ast.walk(tree) if _is_getattr(n)}
    for node in ast.walk(tree):
        chain, base = [], node
        while isinstance(base, ast.Attribute):
            chain.insert(0, base.attr)
            base = base.value
        if isinstance(base, ast.Name) and base.id in bound:
            if chain and id(node) not in inner:
                yield ".".join([bound[base.id], *chain])
            elif not chain and id(node) not in inner:
                yield f"{bound[base.id]}.*"


def _is_getattr(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr"
