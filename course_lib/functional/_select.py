"""Selecting numbers by a mask without a branch for each."""

from __future__ import annotations

import numpy as np


def select(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute ``np.where(mask, values, 0)``, which is ten times slower where the mask is random.

    A product ``values * mask`` would turn an infinite number into NaN; that of the bit patterns does not.
    """
    if values.dtype.itemsize > 8:
        return np.where(mask, values, 0)
    bits = values.view(f"u{values.dtype.itemsize}")  # (...), as values
    return (bits * mask).view(values.dtype)  # (...), as values
