"""Files that are no notebook, or none that anybody would want to read."""

import json
import os

import forge
import nbformat


def huge(path):
    notebook = forge.submission()
    text = json.dumps(notebook)
    return forge.write(text[:-1] + ', "padding": "' + "x" * (100 << 20) + '"}', path)


def sparse(path):
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    return path


def link(path):
    path.symlink_to("/etc/passwd")
    return path


def folder(path):
    path.mkdir()
    return path


def pipe(path):
    os.mkfifo(path)
    return path


def many_cells(path):
    notebook = forge.submission()
    notebook.cells += [nbformat.v4.new_code_cell("pass")] * 100_000
    return forge.write(notebook, path)


def much_text(path):
    notebook = forge.submission()
    notebook.cells.append(nbformat.v4.new_code_cell("#" * (5 << 20)))
    return forge.write(notebook, path)


FILES = {
    huge: "100 MB",
    sparse: "at most 64",
    link: "not an ordinary file",
    folder: "not an ordinary file",
    pipe: "not an ordinary file",
    many_cells: "cells; at most",
    much_text: "4 MB",
}

BROKEN = {
    "null": "null",
    "text": "hello",
    "number": "1e999999",
    "digits": '{"cells": [' + "9" * 10**6 + "]}",
    "format 3": '{"nbformat": 3, "worksheets": []}',
    "format 5": '{"nbformat": 5, "cells": []}',
    "format of another type": '{"nbformat": "4", "cells": []}',
    "cells of another type": '{"nbformat": 4, "cells": {"0": 1}}',
    "no cells": '{"nbformat": 4, "cells": []}',
    "deep": '{"cells":' * 50_000,
    "two documents": '{"nbformat": 4, "cells": []}{"nbformat": 4}',
    "utf-16": json.dumps({"nbformat": 4, "cells": []}).encode("utf-16"),
    "a zip": b"PK\x03\x04" + bytes(100),
}
