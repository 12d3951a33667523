"""Every byte that comes back from a submission is hostile: what does not keep to the format is named and dropped."""

import json
import re

import numpy as np
import pytest

from course_lib.grading.protocol import (
    BLOB_LIMIT,
    DEPTH_LIMIT,
    OTHER,
    Unreadable,
    decode_value,
    encode_request,
    parse_header,
    text_of,
)


def header_of(**fields):
    return json.dumps(fields).encode()


def array(**changes):
    """The description of an array of two numbers, with changes."""
    return {"k": "array", "dtype": "<f8", "shape": [2], "v": 0} | changes


BLOBS = [np.array([1.5, 2.5]).tobytes()]


def test_a_request_holds_what_its_header_says():
    data = encode_request(
        {"do": "call", "id": 3}, {"args": [np.float32(0.5), np.int8(4)], "kwargs": {"p": "same"}}
    )
    length = int.from_bytes(data[:4], "big")
    assert len(data) == 4 + length
    assert json.loads(data[4:]) == {
        "do": "call",
        "id": 3,
        "args": [{"k": "float", "v": "0x1.0000000000000p-1"}, {"k": "int", "v": "4"}],
        "kwargs": {"p": {"k": "plain", "v": "same"}},
        "blobs": [],
    }


@pytest.mark.parametrize("value", [{"a": 1}, object(), b"bytes", 1j])
def test_a_check_cannot_send_what_has_no_form(value):
    with pytest.raises(TypeError, match=re.escape(f"got {type(value)}")):
        encode_request({}, {"args": [value]})


def test_object_arrays_are_not_sent():
    with pytest.raises(ValueError, match="allow_pickle"):
        encode_request({}, {"args": [np.array([None])]})


# ---------------------------------------------------------------- headers


def test_a_header_is_read_with_the_sizes_of_its_blobs():
    assert parse_header(header_of(a=1, blobs=[2, 0, 3]), 5) == ({"a": 1, "blobs": [2, 0, 3]}, [2, 0, 3])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe", "a reply that is not JSON"),
        (b"{", "a reply that is not JSON"),
        (b"[" * 100_000, "a reply that is not JSON"),
        (b"[1]", "a reply that is not an object"),
        (header_of(a=1), "a reply without a list of sizes"),
        (header_of(blobs=3), "a reply without a list of sizes"),
        (header_of(blobs=[0] * (BLOB_LIMIT + 1)), "a reply without a list of sizes"),
        (header_of(blobs=[-1]), "more bytes than allowed"),
        (header_of(blobs=[True]), "more bytes than allowed"),
        (header_of(blobs=["1"]), "more bytes than allowed"),
        (header_of(blobs=[1.0]), "more bytes than allowed"),
        (header_of(blobs=[60, 41]), "more bytes than allowed"),
        (header_of(blobs=[1 << 60]), "more bytes than allowed"),
    ],
)
def test_a_header_that_does_not_keep_to_the_format(data, words):
    with pytest.raises(Unreadable, match=words):
        parse_header(data, 100)


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        ({"k": "none", "v": None}, None),
        ({"k": "bool", "v": False}, False),
        ({"k": "int", "v": "-12"}, -12),
        ({"k": "float", "v": "0x1.8p+1"}, 3.0),
        ({"k": "str", "v": "words"}, "words"),
        ({"k": "list", "v": [{"k": "int", "v": "1"}]}, [1]),
        ({"k": "tuple", "v": []}, ()),
        (array(k="scalar", shape=[], dtype="|u1", v=0), np.uint8(7)),
    ],
)
def test_plain_values(tree, value):
    got = decode_value(tree, [b"\x07"])
    assert got == value
    assert type(got) is type(value)


def test_arrays_are_copies_that_can_be_written_to():
    got = decode_value(array(), BLOBS)
    got *= 2
    np.testing.assert_array_equal(got, [3.0, 5.0])
    np.testing.assert_array_equal(
        decode_value(array(k="scalar"), BLOBS), [1.5, 2.5]
    )  # a shape makes an array


def test_an_array_of_objects_keeps_its_shape_and_costs_no_memory():
    got = decode_value({"k": "objects", "shape": [1000, 1000, 1000]}, [])
    assert (got.shape, got.dtype, got.strides) == ((1000, 1000, 1000), object, (0, 0, 0))


def test_other_objects_are_known_by_type_alone():
    for name, kind in OTHER.items():
        assert type(decode_value({"k": "other", "v": name}, [])) is kind
    stranger = decode_value({"k": "other", "v": "os.system"}, [])
    assert type(stranger).__name__ == "_Other"


def nested(depth):
    tree = {"k": "int", "v": "1"}
    for _ in range(depth):
        tree = {"k": "tuple", "v": [tree]}
    return tree


def test_tuples_are_read_to_a_depth():
    assert decode_value(nested(DEPTH_LIMIT), []) == ((((((1,),),),),),)
    with pytest.raises(Unreadable, match="not described"):
        decode_value(nested(DEPTH_LIMIT + 1), [])


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (None, "a value that is not described"),
        ([], "a value that is not described"),
        ({}, "a value of an unknown kind"),
        ({"k": ["int"], "v": "1"}, "a value of an unknown kind"),
        ({"k": "eval", "v": "1"}, "a value of an unknown kind"),
        ({"k": "bool", "v": 1}, "a value of an unknown kind"),
        ({"k": "int", "v": 1}, "a value of an unknown kind"),
        ({"k": "int", "v": "1" * 321}, "a value of an unknown kind"),
        ({"k": "int", "v": "one"}, "a number that is none"),
        ({"k": "float", "v": "0x"}, "a number that is none"),
        ({"k": "float", "v": "0x1p99999"}, "a number that is none"),
        ({"k": "float", "v": "0" * 41}, "a value of an unknown kind"),
        ({"k": "str", "v": "x" * 10_001}, "a value of an unknown kind"),
        ({"k": "tuple", "v": [{"k": "none"}] * (BLOB_LIMIT + 1)}, "a value of an unknown kind"),
        ({"k": "tuple", "v": "ab"}, "a value of an unknown kind"),
        (array(shape=2), "an array of no shape"),
        (array(shape=[1] * 33), "an array of no shape"),
        (array(shape=[-2]), "an array of no shape"),
        (array(shape=[True, 2]), "an array of no shape"),
        (array(shape=[2**31]), "an array of no shape"),
        (array(dtype="object"), "an array of an unknown dtype"),
        (array(dtype=["<f8"]), "an array of an unknown dtype"),
        (array(dtype=">f8"), "an array of an unknown dtype"),
        (array(v=1), "an array without data"),
        (array(v=-1), "an array without data"),
        (array(v=False), "an array without data"),
        (array(shape=[3]), "size is not that of its shape"),
        (array(shape=[2**30] * 5), "size is not that of its shape"),
        ({"k": "objects", "shape": [2**30, 2**30]}, "an array of no sensible size"),
    ],
)
def test_a_value_that_does_not_keep_to_the_format(tree, words):
    with pytest.raises(Unreadable, match=words):
        decode_value(tree, BLOBS)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"m": "one\n\ttwo"}, "one\n\ttwo"),
        ({"m": "red \x1b[31m\x00\u202e"}, "red [31m"),
        ({"m": "x" * 50}, "x" * 20),
        ({"m": "half \udc80"}, "half "),
        ({"m": 3}, ""),
        ({}, ""),
        (["m"], ""),
    ],
)
def test_words_are_cut_and_lose_their_control_characters(tree, text):
    assert text_of(tree, "m", 20) == text
