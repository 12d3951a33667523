"""Solutions of nms(iou, scores, threshold)."""

import numpy as np
from bank import right, wrong


def greedy(iou, order, drops):
    """Keep in this order; a kept box drops those that `drops` says."""
    kept, gone = [], set()
    for i in order:
        if i not in gone:
            kept.append(i)
            gone |= {j for j in order if drops(iou[i, j])}
    return np.array(kept, dtype=int)


@right
def with_sets(iou, scores, threshold):
    return greedy(iou, np.argsort(-scores), lambda value: value > threshold)


@right
def against_the_kept(iou, scores, threshold):
    kept = []
    for i in sorted(range(len(scores)), key=lambda i: scores[i], reverse=True):
        if all(iou[i, j] <= threshold for j in kept):
            kept.append(i)
    return np.array(kept)


@right
def alive_mask(iou, scores, threshold):
    scores, kept = scores.copy(), []
    while (scores > -np.inf).any():
        best = scores.argmax()
        kept.append(best)
        scores[iou[best] > threshold] = -np.inf
        scores[best] = -np.inf
    return np.asarray(kept)


@right
def recursion(iou, scores, threshold):
    def go(left):
        if not len(left):
            return []
        rest = left[1:]
        return [left[0], *go(rest[~(iou[left[0], rest] > threshold)])]

    return np.array(go(scores.argsort()[::-1]), dtype=np.int64)


@right
def small_integers(iou, scores, threshold):
    return with_sets(iou, scores, threshold).astype(np.int16)


@wrong(fails="nms.exact", hint="exactly the threshold")
def at_least(iou, scores, threshold):
    return greedy(iou, np.argsort(-scores), lambda value: value >= threshold)


@wrong(fails="nms.order", hint="in the order given: the highest score comes first")
def unsorted(iou, scores, threshold):
    return greedy(iou, np.arange(len(scores)), lambda value: value > threshold)


@wrong(fails="nms.order", hint="argsort sorts upwards")
def upwards(iou, scores, threshold):
    return greedy(iou, np.argsort(scores), lambda value: value > threshold)


@wrong(fails="nms.order", hint="from the lowest")
def reversed_answer(iou, scores, threshold):
    return with_sets(iou, scores, threshold)[::-1].copy()


@wrong(fails="nms.order", hint="the kept boxes are right, in the order given")
def sorted_indices(iou, scores, threshold):
    return np.sort(with_sets(iou, scores, threshold))


@wrong(fails="nms.order", hint="places in the sorted list")
def places(iou, scores, threshold):
    order = np.argsort(-scores)
    iou = iou[np.ix_(order, order)]
    return greedy(iou, np.arange(len(scores)), lambda value: value > threshold)


@wrong(fails="nms.chain", hint="only kept boxes do")
def all_better_boxes(iou, scores, threshold):
    order = np.argsort(-scores)
    return np.array([i for k, i in enumerate(order) if not (iou[order[:k], i] > threshold).any()], dtype=int)


@wrong(fails="nms.pairs", hint="more than the threshold are kept")
def the_other_way_round(iou, scores, threshold):
    left, kept = list(np.argsort(-scores)), []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if iou[best, i] >= threshold]
    return np.array(kept)


@wrong(fails="nms.pairs", hint="any overlap drops a box")
def any_overlap(iou, scores, threshold):
    return greedy(iou, np.argsort(-scores), lambda value: value > 0)


@wrong(fails="nms.pairs", hint="no box is dropped")
def nothing_dropped(iou, scores, threshold):
    return np.argsort(-scores)


@wrong(fails="nms.pairs", hint="the best box alone is kept")
def best_alone(iou, scores, threshold):
    return np.array([scores.argmax()])


@wrong(fails="nms.pairs", hint="only the best box drops others")
def one_round(iou, scores, threshold):
    order = np.argsort(-scores)
    return np.array([i for i in order if i == order[0] or iou[order[0], i] <= threshold])


@wrong(fails="nms.pairs", hint="the boxes that are dropped")
def the_dropped(iou, scores, threshold):
    kept = with_sets(iou, scores, threshold)
    return np.array([i for i in np.argsort(-scores) if i not in kept], dtype=int)


@wrong(fails="nms.pairs", hint="the last kept box alone")
def against_the_last(iou, scores, threshold):
    kept = []
    for i in np.argsort(-scores):
        if not kept or iou[kept[-1], i] <= threshold:
            kept.append(i)
    return np.array(kept)


@wrong(fails="nms.pairs", hint="NumPy array")
def a_list(iou, scores, threshold):
    return with_sets(iou, scores, threshold).tolist()


@wrong(fails="nms.pairs", hint="")
def a_mask(iou, scores, threshold):
    mask = np.zeros(len(scores), dtype=bool)
    mask[with_sets(iou, scores, threshold)] = True
    return mask


@wrong(fails="nms.pairs", hint="changed its input")
def scores_overwritten(iou, scores, threshold):
    kept = []
    while scores.max() > -1:
        best = scores.argmax()
        kept.append(best)
        scores[iou[best] > threshold] = -1
    return np.array(kept)
