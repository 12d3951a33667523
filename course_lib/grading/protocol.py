"""The outside's half of the conversation with a worker; every byte that comes back is hostile.

A frame is a 4-byte length, JSON of that length, and blobs whose sizes the JSON lists. Everything is checked
against a fixed format and a cap before it is used, nothing is unpickled or evaluated, and no name that the
worker sends is looked up anywhere.
"""

from __future__ import annotations

import io
import json
import math
import struct
from typing import Any

import numpy as np

from course_lib.grading.limits import MEGABYTE

HEADER_LIMIT = 2 * MEGABYTE
BLOB_LIMIT = 256  # blobs in a frame
DEPTH_LIMIT = 6
DTYPES = {"|b1", "|i1", "|u1"} | {f"<{kind}{size}" for kind in "iu" for size in (2, 4, 8)}
DTYPES |= {"<f2", "<f4", "<f8", "<c8", "<c16"}


class Unreadable(ValueError):  # noqa: N818
    """Bytes that do not keep to the format."""


class _Other:
    """Stands for a returned object that is neither array, number, string nor tuple of these."""


OTHER = {
    name: type(name, (_Other,), {})
    for name in ("dict", "set", "generator", "function", "method", "map", "zip", "range", "bytes", "complex")
}


def encode_request(header: dict, values: dict[str, Any] | None = None) -> bytes:
    """Bytes of a request; ``values`` (args and kwargs) are added with their arrays as .npy blobs.

    The header holds an ``id``, which the reply must repeat.
    """
    blobs: list[bytes] = []
    tree = {name: _encode(value, blobs) for name, value in (values or {}).items()}
    data = json.dumps({**header, **tree, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join([struct.pack(">I", len(data)), data, *blobs])


def _encode(value: Any, blobs: list[bytes]) -> Any:
    """Describe what a check sends: args as a list, kwargs as a dict, and what they hold."""
    if isinstance(value, list):
        return [_encode_item(item, blobs) for item in value]
    return {name: _encode_item(item, blobs) for name, item in value.items()}


def _encode_item(value: Any, blobs: list[bytes]) -> dict:
    if isinstance(value, np.ndarray):
        buffer = io.BytesIO()
        np.save(buffer, value, allow_pickle=False)
        blobs.append(buffer.getvalue())
        return {"k": "array", "v": len(blobs) - 1, "frozen": not value.flags.writeable}
    if isinstance(value, tuple | list):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {"k": kind, "v": [_encode_item(item, blobs) for item in value]}
    if value is None or isinstance(value, bool | str):
        return {"k": "plain", "v": value}
    if isinstance(value, int | np.integer):
        return {"k": "int", "v": str(int(value))}
    if isinstance(value, float | np.floating):
        return {"k": "float", "v": float(value).hex()}
    raise TypeError(f"encode_request: expected arrays, numbers, strings, None or tuples, got {type(value)}")


def parse_header(data: bytes, blob_bytes: int) -> tuple[dict, list[int]]:
    """The JSON of a reply and the sizes of its blobs, of at most ``blob_bytes`` together.

    Raises
    ------
    Unreadable
        If it is anything else.
    """
    try:
        header = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("a reply that is not JSON") from error
    if not isinstance(header, dict):
        raise Unreadable("a reply that is not an object")
    sizes = header.get("blobs")
    if not isinstance(sizes, list) or len(sizes) > BLOB_LIMIT:
        raise Unreadable("a reply without a list of sizes")
    if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > blob_bytes:
        raise Unreadable("a reply of more bytes than allowed")
    return header, sizes


def decode_value(tree: Any, blobs: list[bytes], depth: int = 0) -> Any:
    """The returned value that a reply describes.

    Raises
    ------
    Unreadable
        If the description does not keep to the format.
    """
    if not isinstance(tree, dict) or depth > DEPTH_LIMIT:
        raise Unreadable("a value that is not described")
    kind, value = tree.get("k"), tree.get("v")
    if kind in ("array", "scalar", "objects"):
        return _decode_array(kind, tree, blobs)
    if kind in ("tuple", "list") and isinstance(value, list) and len(value) <= BLOB_LIMIT:
        items = [decode_value(item, blobs, depth + 1) for item in value]
        return tuple(items) if kind == "tuple" else items
    if kind == "none" or (kind == "bool" and isinstance(value, bool)):
        return value if kind == "bool" else None
    if isinstance(value, str) and len(value) <= 10_000:
        return _decode_text(kind, value)
    raise Unreadable("a value of an unknown kind")


def _decode_text(kind: Any, text: str) -> Any:
    if kind == "str":
        return text
    try:
        if kind == "int" and len(text) <= 320:
            return int(text)
        if kind == "float" and len(text) <= 40:
            return float.fromhex(text)
    except (ValueError, OverflowError) as error:
        raise Unreadable("a number that is none") from error
    if kind == "other":
        return OTHER.get(text, _Other)()
    raise Unreadable("a value of an unknown kind")


def _decode_array(kind: str, tree: dict, blobs: list[bytes]) -> Any:
    shape, dtype, index = tree.get("shape"), tree.get("dtype"), tree.get("v")
    right = isinstance(shape, list) and len(shape) <= 32
    if not right or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
        raise Unreadable("an array of no shape")
    if kind == "objects":
        if math.prod(shape) > 2**40:
            raise Unreadable("an array of no sensible size")
        return np.broadcast_to(np.array(None, dtype=object), shape)
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise Unreadable("an array of an unknown dtype")
    if type(index) is not int or not 0 <= index < len(blobs):
        raise Unreadable("an array without data")
    if math.prod(shape) * np.dtype(dtype).itemsize != len(blobs[index]):
        raise Unreadable("an array whose size is not that of its shape")
    array = np.frombuffer(blobs[index], dtype=dtype).reshape(shape).copy()
    return array[()] if kind == "scalar" and not shape else array


def text_of(tree: Any, name: str, limit: int) -> str:
    """A string of a reply, cut to a length, without control characters; empty where it is none."""
    value = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(value, str):
        return ""
    kept = "".join(c for c in value[:limit] if c.isprintable() or c in "\n\t")
    return kept.encode("utf-8", "replace").decode("utf-8")
