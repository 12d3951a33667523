"""Solutions of flip_kernel(k)."""

import numpy as np
from bank import right, wrong


@right
def view(k):
    return k[::-1, ::-1]


@right
def library(k):
    return np.flip(k)


@right
def two_turns(k):
    return np.rot90(k, 2).copy(order="F")


@right
def loops(k):
    out = np.empty_like(k)
    for i in range(k.shape[0]):
        for j in range(k.shape[1]):
            out[k.shape[0] - 1 - i, k.shape[1] - 1 - j] = k[i, j]
    return out


@right
def reversed_list(k):
    return np.array(list(reversed(k.ravel().tolist()))).reshape(k.shape)


@wrong(fails="flip_kernel.square", hint="unchanged")
def nothing_done(k):
    return k


@wrong(fails="flip_kernel.square", hint="only the rows")
def rows_only(k):
    return k[::-1]


@wrong(fails="flip_kernel.square", hint="only the columns")
def columns_only(k):
    return k[:, ::-1]


@wrong(fails="flip_kernel.square", hint="this is the transpose:")
def transposed(k):
    return k.T


@wrong(fails="flip_kernel.rectangle", hint="transpose reversed")
def reversed_transpose(k):
    return k.T[::-1, ::-1]


@wrong(fails="flip_kernel.square", hint="turned by 90 degrees: turn by 180")
def quarter_turn(k):
    return np.rot90(k)


@wrong(fails="flip_kernel.square", hint="90 degrees the other way")
def quarter_turn_back(k):
    return np.rot90(k, -1)


@wrong(fails="flip_kernel.square", hint="sign is changed")
def negated(k):
    return -k


@wrong(fails="flip_kernel.square", hint="flattened")
def flattened(k):
    return k.ravel()[::-1]


@wrong(fails="flip_kernel.rectangle", hint="cuts fractions off")
def truncated(k):
    return k[::-1, ::-1].astype(int)


@wrong(fails="flip_kernel.square", hint="changed its input k")
def in_place(k):
    k[:] = k[::-1, ::-1].copy()
    return k


@wrong(fails="flip_kernel.square", hint="is the `return` missing?")
def return_forgotten(k):
    np.flip(k)


@wrong(fails="flip_kernel.rectangle", hint="wrong shape: expected (2, 3), got (2, 2)")
def square_only(k):
    n = k.shape[0]
    return np.array([[k[n - 1 - i, n - 1 - j] for j in range(n)] for i in range(n)])


@right
def index_arrays(k):
    rows, columns = np.indices(k.shape)
    return k[-1 - rows, -1 - columns]


@right
def exchange_matrices(k):
    turn = lambda n: np.fliplr(np.eye(n))  # noqa: E731
    return turn(k.shape[0]) @ k @ turn(k.shape[1])


@right
def recursive(k):
    return k.copy() if len(k) == 0 else np.vstack([recursive(k[1:]), k[:1, ::-1]])


@wrong(fails="flip_kernel.square", hint="reverses the rows twice")
def rows_reversed_twice(k):
    return k[::-1][::-1]


@wrong(fails="flip_kernel.square", hint="the kernel is unchanged")
def swapped_and_swapped_back(k):
    out = k.copy()
    for i in range(k.shape[0]):
        for j in range(k.shape[1]):
            out[i, j], out[-1 - i, -1 - j] = out[-1 - i, -1 - j], out[i, j]
    return out


@wrong(fails="flip_kernel.square", hint="one row and one column are lost")
def slice_ends_too_early(k):
    return k[-1:0:-1, -1:0:-1]


@wrong(fails="flip_kernel.square", hint="raised IndexError")
def one_past_the_end(k):
    out = np.zeros(k.shape)
    for i in range(k.shape[0]):
        for j in range(k.shape[1]):
            out[i, j] = k[k.shape[0] - i, k.shape[1] - j]
    return out


@wrong(fails="flip_kernel.square", hint="np.array(...)")
def lists_in_lists(k):
    return [row[::-1] for row in k[::-1]]


@wrong(fails="flip_kernel.square", hint="sorted")
def sorted_downwards(k):
    return np.sort(k.ravel())[::-1].reshape(k.shape)


@wrong(fails="flip_kernel.square", hint="the middle row")
def half_of_the_rows_exchanged(k):
    out = k.copy()
    for i in range(k.shape[0] // 2):
        out[i], out[-1 - i] = k[-1 - i, ::-1], k[i, ::-1]
    return out
