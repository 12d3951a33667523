"""Solutions of match_anchors(iou, positive, negative)."""

import numpy as np
from bank import right, wrong


def first_rule(iou, positive, negative, background=-1, ignored=-2):
    match = np.full(len(iou), background)
    for a, row in enumerate(iou):
        if row.size and row.max() >= positive:
            match[a] = row.argmax()
        elif row.size and row.max() >= negative:
            match[a] = ignored
    return match


def claims(match, iou):
    pairs = [(iou[a, m], a, m) for a in range(iou.shape[0]) for m in range(iou.shape[1]) if iou[a, m] > 0]
    rows, columns = set(), set()
    for _, a, m in sorted(pairs, reverse=True):
        if a not in rows and m not in columns:
            match[a] = m
            rows.add(a)
            columns.add(m)
    return match


@right
def sorted_pairs(iou, positive=0.5, negative=0.4):
    return claims(first_rule(iou, positive, negative), iou)


@right
def struck_out(iou, positive=0.5, negative=0.4):
    best = iou.max(axis=1, initial=0.0)
    match = np.select([best >= positive, best >= negative], [iou.argmax(axis=1) if iou.size else -1, -2], -1)
    left = iou.copy()
    for _ in range(min(iou.shape)):
        a, m = divmod(int(left.argmax()), left.shape[1])
        if left[a, m] == 0:
            break
        match[a] = m
        left[a], left[:, m] = 0, 0
    return match


@right
def claims_first(iou, positive=0.5, negative=0.4):
    """The claims are found first and written last."""
    claimed, left = {}, iou.astype(float)
    while left.size and left.max() > 0:
        a, m = np.argwhere(left == left.max())[0]
        claimed[a] = m
        left[a, :] = left[:, m] = -1
    match = first_rule(iou, positive, negative)
    for a, m in claimed.items():
        match[a] = m
    return match


@right
def masked_arrays(iou, positive=0.5, negative=0.4):
    match = first_rule(iou, positive, negative).astype(np.int32)
    rows, columns = np.ones(iou.shape[0], bool), np.ones(iou.shape[1], bool)
    while True:
        left = np.where(rows[:, None] & columns, iou, 0.0)
        if not left.any():
            return match
        a, m = np.unravel_index(left.argmax(), left.shape)
        match[a], rows[a], columns[m] = m, False, False


@wrong(fails="match_anchors.thresholds", hint="background and ignored are exchanged")
def codes_exchanged(iou, positive=0.5, negative=0.4):
    return claims(first_rule(iou, positive, negative, background=-2, ignored=-1), iou)


@wrong(fails="match_anchors.thresholds", hint="no anchor is ignored")
def nothing_ignored(iou, positive=0.5, negative=0.4):
    return claims(first_rule(iou, positive, positive), iou)


@wrong(fails="match_anchors.thresholds", hint="between the thresholds are matched")
def lower_threshold_alone(iou, positive=0.5, negative=0.4):
    return claims(first_rule(iou, negative, negative), iou)


@wrong(fails="match_anchors.thresholds", hint="count from 1")
def from_one(iou, positive=0.5, negative=0.4):
    match = sorted_pairs(iou, positive, negative)
    return match + (match >= 0)


@wrong(fails="match_anchors.thresholds", hint="each object has one anchor only")
def claims_alone(iou, positive=0.5, negative=0.4):
    return claims(np.full(len(iou), -1), iou)


@wrong(fails="match_anchors.thresholds", hint="below `negative` it is background")
def never_background(iou, positive=0.5, negative=0.4):
    return claims(first_rule(iou, positive, negative, background=-2), iou)


@wrong(fails="match_anchors.thresholds", hint="one entry for each object")
def anchors_of_objects(iou, positive=0.5, negative=0.4):
    return iou.argmax(axis=0)


@wrong(fails="match_anchors.exact", hint="at least `positive` is enough")
def above_positive(iou, positive=0.5, negative=0.4):
    match = first_rule(iou, positive, negative)
    match[iou.max(axis=1, initial=0) == positive] = -2
    return claims(match, iou)


@wrong(fails="match_anchors.exact", hint="only those below it are")
def up_to_negative(iou, positive=0.5, negative=0.4):
    match = first_rule(iou, positive, negative)
    match[iou.max(axis=1, initial=0) == negative] = -1
    return claims(match, iou)


@wrong(fails="match_anchors.claims", hint="goes without one")
def no_claims(iou, positive=0.5, negative=0.4):
    return first_rule(iou, positive, negative)


@wrong(fails="match_anchors.contested", hint="the later overwrites the first")
def overwrites(iou, positive=0.5, negative=0.4):
    match = first_rule(iou, positive, negative)
    for m in range(iou.shape[1]):
        if iou[:, m].any():
            match[iou[:, m].argmax()] = m
    return match


@wrong(fails="match_anchors.contested", hint="the largest overlap is served first")
def one_object_after_another(iou, positive=0.5, negative=0.4):
    match, free = first_rule(iou, positive, negative), np.ones(len(iou), bool)
    for m in range(iou.shape[1]):
        column = np.where(free, iou[:, m], 0)
        if column.any():
            match[column.argmax()] = m
            free[column.argmax()] = False
    return match


@wrong(fails="match_anchors.contested", hint="strike out its row")
def columns_alone(iou, positive=0.5, negative=0.4):
    match = first_rule(iou, positive, negative)
    best = [(iou[:, m].max(), m) for m in range(iou.shape[1]) if iou[:, m].any()]
    for _, m in sorted(best, reverse=True):
        match[iou[:, m].argmax()] = m
    return match


@wrong(fails="match_anchors.contested", hint="strike out its column")
def rows_alone(iou, positive=0.5, negative=0.4):
    match, left = first_rule(iou, positive, negative), iou.copy()
    for _ in range(min(iou.shape)):
        a, m = np.unravel_index(left.argmax(), left.shape)
        match[a], left[a] = m, 0
    return match


@wrong(fails="match_anchors.contested", hint="no threshold has given away")
def never_takes_away(iou, positive=0.5, negative=0.4):
    match = first_rule(iou, positive, negative)
    claimed = claims(np.full(len(iou), -1), iou)
    return np.where(match >= 0, match, np.where(claimed >= 0, claimed, match))


@wrong(fails="match_anchors.contested", hint="claims none")
def satisfied_objects_do_not_claim(iou, positive=0.5, negative=0.4):
    match = first_rule(iou, positive, negative)
    hungry = np.array([m not in match for m in range(iou.shape[1])])
    return claims(match, iou * hungry)


@wrong(fails="match_anchors.nothing", hint="only overlaps above 0 claim")
def claims_at_zero(iou, positive=0.5, negative=0.4):
    match, left = first_rule(iou, positive, negative), iou.copy()
    for _ in range(min(iou.shape)):
        a, m = np.unravel_index(left.argmax(), left.shape)
        match[a] = m
        left[a, :] = left[:, m] = -1
    return match


@wrong(fails="match_anchors.nothing", hint="raised ValueError")
def needs_objects(iou, positive=0.5, negative=0.4):
    assert iou.max(axis=1).shape == (len(iou),)
    return sorted_pairs(iou, positive, negative)
