"""course_lib.datasets: what is drawn is what is said, what is read is what lies on disk, what is missing is named."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib import datasets


def test_digits_are_real_whole_and_split_without_overlap():
    digits = datasets.load("digits")
    train, test = digits.train, digits.test
    assert train.images.shape == (1440, 1, 28, 28)
    assert test.images.shape == (357, 1, 28, 28)
    assert (train.images.dtype, train.labels.dtype) == (np.float32, np.int64)
    assert train.images.min() == 0
    assert train.images.max() == 1
    assert digits.classes == tuple("0123456789")
    assert np.bincount(test.labels).min() >= 30
    seen = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in seen for image in test.images)


@pytest.mark.parametrize("size", [64, (33, 80)])
def test_scenes_boxes_are_tight_around_masks(size):
    drawn = datasets.scenes(60, size, seed=3)
    n, m = drawn.labels.shape
    there = np.arange(m) < drawn.counts[:, None]
    np.testing.assert_array_equal(drawn.labels >= 0, there)
    assert (drawn.counts >= 1).all()
    assert drawn.masks.sum(axis=1).max() == 1, "a pixel belongs to one object"
    for i, j in np.ndindex(n, m):
        mask, box = drawn.masks[i, j], drawn.boxes[i, j]
        if not there[i, j]:
            assert not mask.any()
            assert not box.any()
            continue
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert box.tolist() == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


def minimal_rectangle(mask):
    """Area of the smallest rectangle, turned by a whole number of degrees, that holds the pixels."""
    y, x = np.nonzero(mask)
    y, x = y + 0.5, x + 0.5
    turn = np.deg2rad(np.arange(90))[:, None]
    u, v = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    # Centres of pixels: the outline lies about a quarter of a pixel further out on each side.
    return ((np.ptp(u, axis=1) + 0.5) * (np.ptp(v, axis=1) + 0.5)).min()


def test_scenes_objects_stand_out_and_fill_what_their_class_fills():
    drawn = datasets.scenes(48, 256, seed=1, max_objects=1, noise=0.0)
    fill = {c: [] for c in range(4)}
    for i in range(48):
        mask = drawn.masks[i, 0]
        inside, outside = (drawn.images[i][:, part].mean() for part in (mask, ~mask))
        assert abs(inside - outside) > 0.1
        fill[drawn.labels[i, 0]].append(mask.sum() / minimal_rectangle(mask))
    # Share of the smallest rectangle, of any angle: a circle's and a triangle's are known; the cross has two
    # bars of 1.9 x 0.6 radii that share 0.6 x 0.6, in a square of 1.9 (its smallest rectangle is turned by 45
    # degrees, of side 2.5 / sqrt(2)).
    bars = 2 * 1.9 * 0.6 - 0.6**2
    for c, share in enumerate([np.pi / 4, 1.0, 0.5, bars / (2.5 / 2**0.5) ** 2]):
        assert np.median(fill[c]) == pytest.approx(share, abs=0.05), datasets.load(
            "scenes", train=1, test=1
        ).classes[c]


def test_scenes_repeat_from_their_seed_and_from_the_start_of_a_longer_run():
    a, b = datasets.scenes(300, 20, seed=5), datasets.scenes(40, 20, seed=5)
    for long, short in zip(a, b, strict=True):
        np.testing.assert_array_equal(long[:40], short)
    assert (datasets.scenes(40, 20, seed=6).images != b.images).any()


def test_scenes_stay_the_same_in_every_version_of_numpy():
    # Written down once; only raw bits are drawn, so a new NumPy must reproduce them.
    drawn = datasets.scenes(4, (24, 32), seed=0)
    assert drawn.labels.tolist() == PINNED_LABELS
    assert drawn.boxes[:, 0].tolist() == PINNED_BOXES
    np.testing.assert_allclose(drawn.images.mean(axis=(1, 2, 3)), PINNED_MEANS, rtol=1e-5)


PINNED_LABELS = [[2, 1, -1, -1], [3, 3, 2, 2], [2, -1, -1, -1], [3, 0, 2, -1]]
PINNED_BOXES = [[13, 16, 19, 23], [14, 7, 23, 16], [2, 9, 9, 17], [9, 8, 16, 14]]
PINNED_MEANS = [0.588225, 0.475546, 0.758665, 0.476632]


def test_class_map_shows_every_object_once():
    drawn = datasets.scenes(20, 32, seed=2)
    classes = drawn.class_map()
    assert classes.shape == (20, 32, 32)
    for i in range(20):
        for j in range(drawn.counts[i]):
            assert (classes[i][drawn.masks[i, j]] == drawn.labels[i, j] + 1).all()
        assert ((classes[i] > 0) == drawn.masks[i].any(axis=0)).all()


def test_load_scenes_takes_its_options():
    data = datasets.load("scenes", train=5, test=3, size=(20, 24), max_objects=2)
    assert data.train.images.shape == (5, 3, 20, 24)
    assert data.test.masks.shape == (3, 2, 20, 24)
    assert (data.train.images[:3] != data.test.images).any()


def write_idx(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = np.array(array.shape, dtype=">u4").tobytes()
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes())


@pytest.fixture
def mnist(tmp_path):
    rng = np.random.default_rng(0)
    for part, n in (("train", 6), ("t10k", 4)):
        write_idx(tmp_path / f"MNIST/raw/{part}-images-idx3-ubyte", rng.integers(0, 256, (n, 28, 28)))
        write_idx(tmp_path / f"MNIST/raw/{part}-labels-idx1-ubyte", np.arange(n))
    return tmp_path


@pytest.mark.parametrize("how", ["root", "environment"])
def test_mnist_is_read_from_root_or_the_environment(mnist, how, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(mnist) if how == "environment" else "/nowhere")
    data = datasets.load("mnist", root=mnist if how == "root" else None)
    assert data.train.images.shape == (6, 1, 28, 28)
    assert data.test.labels.tolist() == [0, 1, 2, 3]
    expected = np.random.default_rng(0).integers(0, 256, (6, 28, 28)) / np.float32(255)
    np.testing.assert_array_equal(data.train.images[:, 0], expected.astype(np.float32))


def test_a_truncated_file_is_named(mnist):
    path = mnist / "MNIST/raw/train-images-idx3-ubyte"
    os.truncate(path, 1000)
    with pytest.raises(datasets.DataDamagedError, match=rf"expected 4720 bytes in {path}, got 1000 bytes"):
        datasets.load("mnist", root=mnist)
    os.truncate(path, 2)
    with pytest.raises(datasets.DataDamagedError, match=f"expected a header in {path}, got 2 bytes"):
        datasets.load("mnist", root=mnist)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "voc", "oxford_pet"])
def test_missing_data_are_named_with_the_call_that_downloads(name, tmp_path):
    with pytest.raises(datasets.DataMissingError) as caught:
        datasets.load(name, root=tmp_path)
    message = str(caught.value)
    assert str(tmp_path) in message
    assert f"datasets.load({name!r}, root={str(tmp_path)!r}, download=True)" in message
    assert "$COURSE_DATA" in message


@pytest.fixture
def photographs(tmp_path):
    """PASCAL VOC and the pets, two photographs of each split, as torchvision expects them on disk."""
    rng = np.random.default_rng(0)

    def picture(path, channels=3):
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (64, 64, 3) if channels == 3 else (64, 64)
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(path)

    def text(path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    voc, pets = tmp_path / "VOCdevkit/VOC2012", tmp_path / "oxford-iiit-pet"
    for split, name in (("train", "a"), ("val", "b")):
        text(voc / f"ImageSets/Main/{split}.txt", f"{name}0\n{name}1\n")
    for split, name in (("trainval", "Cat"), ("test", "Dog")):
        text(pets / f"annotations/{split}.txt", f"{name}_0 1 1 1\n{name}_1 1 1 1\n")
    for name in ("a0", "a1", "b0", "b1"):
        picture(voc / f"JPEGImages/{name}.jpg")
        text(voc / f"Annotations/{name}.xml", "<annotation><object><name>cat</name></object></annotation>")
    for name in ("Cat_0", "Cat_1", "Dog_0", "Dog_1"):
        picture(pets / f"images/{name}.jpg")
        picture(pets / f"annotations/trimaps/{name}.png", channels=1)
    return tmp_path


@pytest.mark.parametrize("name", ["voc", "oxford_pet"])
def test_photographs_are_read_one_by_one(photographs, name):
    data = datasets.load(name, root=photographs)
    assert [len(data.train), len(data.test)] == [2, 2]
    image, target = data.train[1]
    assert image.size == (64, 64)
    if name == "voc":
        assert target["annotation"]["object"] == [{"name": "cat"}]
        assert len(data.classes) == 20
    else:
        assert target[0] == 0
        assert np.asarray(target[1]).shape == (64, 64)
        assert data.classes == ("Cat",)
    for index in (2, -1):
        with pytest.raises(IndexError):
            data.train[index]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("voc", "VOCdevkit/VOC2012/JPEGImages/a1.jpg"),
        ("voc", "VOCdevkit/VOC2012/Annotations/a1.xml"),
        ("oxford_pet", "oxford-iiit-pet/images/Cat_1.jpg"),
        ("oxford_pet", "oxford-iiit-pet/annotations/trimaps/Cat_1.png"),
    ],
)
@pytest.mark.parametrize("damage", ["truncated", "empty", "missing"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # torchvision's open files
def test_a_damaged_file_of_photographs_is_named_and_no_other(photographs, name, path, damage):
    path = photographs / path
    data = datasets.load(name, root=photographs)
    if damage == "missing":
        path.unlink()
    else:
        os.truncate(path, path.stat().st_size // 2 if damage == "truncated" else 0)
    assert data.train[0][0].size == (64, 64)
    with pytest.raises(datasets.DataDamagedError, match=f"expected to read the whole of {path}, got "):
        data.train[1]


def test_a_missing_list_of_photographs_is_missing_data(photographs):
    (photographs / "VOCdevkit/VOC2012/ImageSets/Main/val.txt").unlink()
    with pytest.raises(datasets.DataMissingError, match=r"'voc' not found, or not whole, .*val.txt"):
        datasets.load("voc", root=photographs)


def test_a_damaged_batch_of_cifar10_is_named(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_3").write_bytes(b"half of a file")
    with pytest.raises(
        datasets.DataDamagedError, match=f"of {folder}/data_batch_3, got another: the file is"
    ):
        datasets.load("cifar10", root=tmp_path)


@pytest.mark.parametrize("header", ["00000903", "00010803", "00000802", "1f8b0800"])
def test_a_file_of_another_kind_is_named(mnist, header):
    """Signed bytes, no IDX at all, two axes, a compressed file."""
    path = mnist / "MNIST/raw/t10k-images-idx3-ubyte"
    path.write_bytes(bytes.fromhex(header) + path.read_bytes()[4:])
    expected = f"expected the magic number 00000803 in {path}, got {header}: the file is damaged"
    with pytest.raises(datasets.DataDamagedError, match=expected):
        datasets.load("mnist", root=mnist)


def test_sizes_beyond_64_bits_do_not_wrap_around(mnist):
    path = mnist / "MNIST/raw/t10k-images-idx3-ubyte"
    path.write_bytes(bytes([0, 0, 8, 3]) + np.array([2**31, 2**31, 4], ">u4").tobytes())
    with pytest.raises(
        datasets.DataDamagedError, match=f"expected {2**64 + 16} bytes in {path}, got 16 bytes"
    ):
        datasets.load("mnist", root=mnist)


def test_a_download_does_not_read_what_is_damaged_already(mnist):
    """Files that exist are left alone by torchvision, whole or not."""
    path = mnist / "MNIST/raw/train-labels-idx1-ubyte"
    os.truncate(path, 10)
    with pytest.raises(datasets.DataDamagedError, match=f"expected 14 bytes in {path}, got 10 bytes"):
        datasets.load("mnist", root=mnist, download=True)


def test_labels_of_another_set_are_refused(mnist):
    write_idx(mnist / "MNIST/raw/t10k-labels-idx1-ubyte", np.arange(3))
    with pytest.raises(
        datasets.DataDamagedError, match="expected as many labels as images in .*, got 3 and 4"
    ):
        datasets.load("mnist", root=mnist)


SPLIT = datasets.Split(np.arange(6, dtype=np.float32).reshape(6, 1, 1, 1), np.arange(6))


@pytest.mark.parametrize("kind", ["read-only", "backwards", "foreign"])
def test_data_loader_takes_arrays_that_torch_does_not(kind):
    images, labels = SPLIT
    if kind == "read-only":
        images, labels = np.broadcast_to(images[:1], images.shape), labels.copy()
        labels.flags.writeable = False
    elif kind == "backwards":
        images, labels = images[::-1], labels[::-1]
    else:
        images, labels = images.astype(">f4"), labels.astype(">i8")
    [(x, y)] = datasets.data_loader(datasets.Split(images, labels), 6)
    np.testing.assert_array_equal(x, images)
    np.testing.assert_array_equal(y, labels)


def test_data_loader_serves_every_sample_once_in_an_order_from_the_generator():
    split = datasets.Split(np.zeros((10, 1, 2, 2), np.float32), np.arange(10))

    def order(seed):
        generator = torch.Generator().manual_seed(seed)
        loader = datasets.data_loader(split, 4, shuffle=True, generator=generator)
        return torch.cat([labels for _, labels in loader]).tolist()

    assert order(0) == order(0) != order(1)
    assert sorted(order(0)) == list(range(10))
    assert [len(labels) for _, labels in datasets.data_loader(split, 4)] == [4, 4, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.load("nmist"), "datasets.load: expected a name among 'digits', .* got 'nmist'"),
        (
            lambda: datasets.load("digits", size=3),
            "datasets.load: expected no options for 'digits', got size",
        ),
        (lambda: datasets.load("scenes", colour=3), "datasets.load: expected options among"),
        (
            lambda: datasets.scenes(-1, seed=0),
            "scenes: expected `count` to be an integer of at least 0, got -1",
        ),
        (lambda: datasets.scenes(1, 8, seed=0), "scenes: expected `size` to be an integer of at least 16"),
        (lambda: datasets.scenes(1, seed=0.5), "scenes: expected `seed`"),
        (lambda: datasets.scenes(1, seed=0, noise=2), "scenes: expected `noise` from 0 to 1, got 2"),
        (
            lambda: datasets.scenes(1, seed=0, noise="some"),
            "scenes: expected `noise` from 0 to 1, got 'some'",
        ),
        (
            lambda: datasets.data_loader(datasets.load("digits")),
            "data_loader: expected a Split, such as `train` of a data set, got ImageData",
        ),
        (
            lambda: datasets.data_loader(datasets.Split(np.zeros((3, 1, 2, 2)), np.arange(2))),
            "data_loader: expected as many labels as images, got 3 and 2",
        ),
        (
            lambda: datasets.data_loader(datasets.Split(np.zeros((0, 1, 2, 2)), np.arange(0)), shuffle=True),
            "data_loader: expected at least one image to shuffle, got none",
        ),
        (
            lambda: datasets.data_loader(SPLIT, generator=3),
            "data_loader: expected `generator` to be a torch.Generator, got int",
        ),
        (
            lambda: datasets.data_loader(SPLIT, shuffle="no"),
            "data_loader: expected `shuffle` to be True or False",
        ),
        (lambda: datasets.data_loader(SPLIT, 0), "data_loader: expected `batch_size` to be an integer of"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
