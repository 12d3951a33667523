"""The right way to match anchors, and the known mistakes of `match_anchors`."""

from __future__ import annotations

import numpy as np

BACKGROUND, IGNORED = -1, -2


def by_threshold(iou, positive, negative, above=np.greater_equal, below=np.less):
    """The first rule: each anchor for itself."""
    match = np.full(len(iou), IGNORED)  # (A,)
    if iou.shape[1] == 0:
        return np.full(len(iou), BACKGROUND)
    best = iou.max(axis=1)  # (A,)
    match[below(best, negative)] = BACKGROUND
    chosen = above(best, positive)
    match[chosen] = iou.argmax(axis=1)[chosen]
    return match


def forced(match, iou):
    """The second rule: the largest overlap left claims its anchor for its box, again and again."""
    left = iou.copy()
    while left.size and left.max() > 0:
        anchor, box = np.unravel_index(left.argmax(), left.shape)
        match[anchor] = box
        left[anchor], left[:, box] = -1, -1
    return match


def match_anchors(iou, positive=0.5, negative=0.4):
    """Index of the object of each anchor, -1 for background, -2 for ignored."""
    return forced(by_threshold(iou, positive, negative), iou)


def _rule(**rules):
    return lambda iou, positive=0.5, negative=0.4: forced(by_threshold(iou, positive, negative, **rules), iou)


def _then(change):
    return lambda iou, positive=0.5, negative=0.4: change(match_anchors(iou, positive, negative))


def _swap(match):
    return np.where(match == BACKGROUND, IGNORED, np.where(match == IGNORED, BACKGROUND, match))


def _one_threshold(which):
    def wrong(iou, positive=0.5, negative=0.4):
        limit = (negative, positive)[which]
        return match_anchors(iou, limit, limit)

    return wrong


def _only_forced(iou, positive=0.5, negative=0.4):
    return forced(np.full(len(iou), BACKGROUND), iou)


def _without_forced(iou, positive=0.5, negative=0.4):
    return by_threshold(iou, positive, negative)


def _overwritten(iou, positive=0.5, negative=0.4):
    match = by_threshold(iou, positive, negative)
    for box in range(iou.shape[1]):
        if len(iou) and iou[:, box].max() > 0:
            match[iou[:, box].argmax()] = box
    return match


def _in_turn(iou, positive=0.5, negative=0.4):
    match, left = by_threshold(iou, positive, negative), iou.copy()
    for box in range(iou.shape[1]):
        if left[:, box].max() > 0:
            anchor = left[:, box].argmax()
            match[anchor], left[anchor] = box, -1
    return match


def _only_background(iou, positive=0.5, negative=0.4):
    match = by_threshold(iou, positive, negative)
    claimed = forced(np.full(len(iou), BACKGROUND), iou)
    return np.where((match < 0) & (claimed >= 0), claimed, match)


def _only_unmatched_boxes(iou, positive=0.5, negative=0.4):
    """A box that an anchor has already claims none."""
    match = by_threshold(iou, positive, negative)
    left = iou.copy()
    left[:, [box for box in range(iou.shape[1]) if (match == box).any()]] = -1
    return forced(match, left)


def _row_alone(iou, positive=0.5, negative=0.4):
    """A box may claim again: its column is not struck out."""
    match, left = by_threshold(iou, positive, negative), iou.copy()
    for _ in range(min(iou.shape)):
        anchor, box = np.unravel_index(left.argmax(), left.shape)
        match[anchor], left[anchor] = box, -1
    return match


def _column_alone(iou, positive=0.5, negative=0.4):
    """An anchor may be claimed again: its row is not struck out."""
    match, left = by_threshold(iou, positive, negative), iou.copy()
    for _ in range(min(iou.shape)):
        anchor, box = np.unravel_index(left.argmax(), left.shape)
        match[anchor], left[:, box] = box, -1
    return match


def _even_at_zero(iou, positive=0.5, negative=0.4):
    match, left = by_threshold(iou, positive, negative), iou.copy()
    for _ in range(min(iou.shape)):
        anchor, box = np.unravel_index(left.argmax(), left.shape)
        match[anchor] = box
        left[anchor], left[:, box] = -1, -1
    return match


def _for_each_box(iou, positive=0.5, negative=0.4):
    return iou.argmax(axis=0)


THRESHOLDS = {
    "background and ignored are exchanged: -1 is background, -2 is ignored": _then(_swap),
    "no anchor is ignored: between the thresholds it is -2": _one_threshold(1),
    "anchors between the thresholds are matched: they are ignored, -2": _one_threshold(0),
    "the indices count from 1: objects count from 0": _then(
        lambda match: np.where(match >= 0, match + 1, match)
    ),
    "each object has one anchor only: every anchor of at least `positive` is matched": _only_forced,
    "every anchor that is not matched is ignored: below `negative` it is background, -1": _then(
        lambda match: np.where(match == BACKGROUND, IGNORED, match)
    ),
    "the answer has one entry for each object: there is one for each anchor": _for_each_box,
}
EXACT = {
    "an anchor of exactly `positive` is not matched: at least `positive` is enough": _rule(above=np.greater),
    "an anchor of exactly `negative` is background: only those below it are": _rule(below=np.less_equal),
}
FORCED = {
    "an object whose anchors all lie below `positive` goes without one: it claims the anchor that overlaps "
    "it most": _without_forced,
}
CONTESTED = {
    "two objects claim one anchor, and the later overwrites the first: the larger overlap is served first, "
    "and the other object takes the next best of the anchors that are left": _overwritten,
    "the objects claim in the order given: the largest overlap is served first": _in_turn,
    "an object may claim only anchors that no threshold has given away: it takes its anchor from another "
    "object, too": _only_background,
    "a claimed anchor can be claimed again: strike out its row": _column_alone,
    "an object claims again: strike out its column": _row_alone,
    "an object that has an anchor by the threshold claims none: every object claims the anchor that "
    "overlaps it most": _only_unmatched_boxes,
}
NOTHING = {
    "an object that overlaps no anchor claims one: only overlaps above 0 claim": _even_at_zero,
}
