"""numpydoc's validator over every public function, class and method of course_lib."""

import importlib
import inspect
import pkgutil

import pytest
from numpydoc.validate import validate

import course_lib

# What the validator may say without failing, each with its reason; everything else has to be right.
IGNORED = {
    "EX01": "examples are asked for where they run: see EXAMPLES_WANTED below",
    "ES01": "a one-line function needs no second paragraph",
    "SA01": "See Also where there is something to see",
    "SA04": "a name in See Also may speak for itself",
    "GL01": "the summary starts on the line of the quotes, as everywhere in this package",
    "GL02": "the closing quotes follow a one-line docstring",
    "GL03": "blank lines are the formatter's business",
    "GL08": "the docstring of a NamedTuple's generated field or of __init__ is the class's",
    "YD01": "generators say in prose what they yield",
    "RT02": "named returns are written 'name : type'",
    "RT03": "the type slot with its shape can be the whole description",
    "RT04": "a description may start with a formula",
    "RT05": "a description may end with a formula",
    "SS05": "a record's summary is a noun in the plural, which the validator takes for a verb",
    "PR06": "'integer' is wider than int: any of NumPy's integer dtypes",
    "PR08": "a description may start with a symbol",
    "PR09": "a description may end with a formula",
    "PR02": "**kwargs documented under the name of what they are passed to",
}
EXAMPLES_WANTED = ("course_lib.functional", "course_lib.boxes", "course_lib.metrics")


def own_members(module):
    """The public functions and classes that a module defines or names in its ``__all__``."""
    listed = getattr(module, "__all__", None)
    for name, member in vars(module).items():
        own = name in listed if listed is not None else getattr(member, "__module__", None) == module.__name__
        if own and not name.startswith("_") and (inspect.isfunction(member) or inspect.isclass(member)):
            yield name, member


def methods(owner):
    """A class's own public methods; the docstring of a layer's class speaks for its `forward` and `backward`."""
    if inspect.isclass(owner):
        for name, member in vars(owner).items():
            if (
                inspect.isfunction(member)
                and not name.startswith("_")
                and name not in ("forward", "backward")
            ):
                yield name, member


def members(names):
    """Map dotted names of functions, classes and methods in the named modules to the objects."""
    found = {}
    for module_name in names:
        for name, member in own_members(importlib.import_module(module_name)):
            found[f"{module_name}.{name}"] = member
            found |= {f"{module_name}.{name}.{method}": body for method, body in methods(member)}
    return found


MODULES = [info.name for info in pkgutil.walk_packages(course_lib.__path__, "course_lib.")]
# A reader imports from course_lib.NAME: what stands there is documented in full, for Sphinx and for help().
ENTRY_POINTS = members(name for name in MODULES if name.count(".") == 1 and "._" not in name)


def complaints(name):
    """What numpydoc says about an object, without the ignored codes."""
    ignored = IGNORED.keys() | ({"PR01"} if is_record(ENTRY_POINTS.get(name)) else set())
    return [f"{code}: {text}" for code, text in validate(name)["errors"] if code not in ignored]


def is_record(member):
    """Whether a class only holds fields, which its docstring lists under Attributes, or is an exception."""
    if not inspect.isclass(member):
        return False
    return issubclass(member, Exception | tuple) or hasattr(member, "__dataclass_fields__")


@pytest.mark.parametrize("name", sorted(ENTRY_POINTS))
def test_docstring_is_valid(name):
    assert complaints(name) == []


@pytest.mark.parametrize("name", sorted(name for name in ENTRY_POINTS if name.startswith(EXAMPLES_WANTED)))
def test_numpy_functions_show_an_example(name):
    if inspect.isfunction(ENTRY_POINTS[name]):
        assert ">>> " in ENTRY_POINTS[name].__doc__


def undocumented(first, second):
    """Sum two numbers.

    Parameters
    ----------
    first : int
        The one.
    """


def test_the_validator_sees_a_missing_parameter(monkeypatch):
    assert any(code.startswith("PR01") for code in complaints(f"{__name__}.undocumented"))
