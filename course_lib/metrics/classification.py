"""How often a classifier is right."""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_int, check_rank, check_shape, fail


def accuracy(logits: np.ndarray, target: np.ndarray, top_k: int = 1) -> float:
    """Share of samples whose true class is among the `top_k` highest logits.

    Parameters
    ----------
    logits : ndarray, shape (N, C), floating
        Scores of the classes; N at least 1.
    target : ndarray, shape (N,), integer
        True classes.
    top_k : int, default 1
        How many guesses count; ILSVRC's top-5 error is ``1 - accuracy(..., top_k=5)``.

    Returns
    -------
    float
        In [0, 1]. A class that ties with the true one counts as ahead of it, so that constant logits score 0.

    Raises
    ------
    ValueError
        If a shape disagrees, there is no sample or no class, or `target` is not integer or out of range.

    References
    ----------
    .. [1] O. Russakovsky et al., "ImageNet large scale visual recognition challenge", IJCV 115, 2015,
       section 4.1.

    Examples
    --------
    >>> logits = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
    >>> accuracy(logits, np.array([1, 1])), accuracy(logits, np.array([1, 1]), top_k=2)
    (0.5, 1.0)
    """
    check_rank("accuracy", "logits", logits, "(N, C)")
    check_shape("accuracy", "target", target, logits.shape[:1], " to match `logits`")
    top_k = as_int("accuracy", "top_k", top_k, 1)
    n, classes = logits.shape
    if n == 0:
        fail("accuracy", "at least one sample", "none")
    if classes == 0:
        fail("accuracy", "at least one class", f"shape {logits.shape}")
    if not np.issubdtype(target.dtype, np.integer):
        fail("accuracy", f"`target` of integers from 0 to {classes - 1}", f"dtype {target.dtype}")
    if target.min() < 0 or target.max() >= classes:
        fail("accuracy", f"`target` of integers from 0 to {classes - 1}", f"{target.min()} to {target.max()}")
    true = logits[np.arange(n), target]  # (N,)
    # "Not below" in place of "above": NaN logits and ties are never a hit.
    ahead = (~(logits < true[:, None])).sum(axis=1) - 1  # (N,)
    return float((ahead < top_k).mean())
