"""Solutions of nms_per_class(iou, scores, labels, threshold)."""

import numpy as np
from bank import right, wrong


def one_class(iou, scores, threshold):
    left, kept = np.argsort(-scores), []
    while len(left):
        kept.append(left[0])
        left = np.array([i for i in left[1:] if iou[kept[-1], i] <= threshold], dtype=int)
    return np.array(kept, dtype=int)


def each_class(iou, scores, labels, threshold):
    for c in np.unique(labels):
        mine = np.flatnonzero(labels == c)
        yield mine, one_class(iou[np.ix_(mine, mine)], scores[mine], threshold)


@right
def table_changed(iou, scores, labels, threshold):
    return one_class(iou * (labels[:, None] == labels[None]), scores, threshold)


@right
def class_by_class(iou, scores, labels, threshold):
    kept = np.concatenate([mine[k] for mine, k in each_class(iou, scores, labels, threshold)])
    return kept[np.argsort(-scores[kept])]


@right
def one_loop(iou, scores, labels, threshold):
    kept = []
    for i in np.argsort(-scores):
        if not any(labels[i] == labels[j] and iou[i, j] > threshold for j in kept):
            kept.append(int(i))
    return np.array(kept)


@right
def scores_struck_out(iou, scores, labels, threshold):
    left, kept = dict(enumerate(scores)), []
    while left:
        best = max(left, key=left.get)
        kept.append(best)
        left = {
            i: s
            for i, s in left.items()
            if i != best and (labels[i] != labels[best] or not iou[best, i] > threshold)
        }
    return np.array(kept)


@wrong(fails="nms_per_class.classes", hint="a cat does not suppress the dog")
def classes_ignored(iou, scores, labels, threshold):
    return one_class(iou, scores, threshold)


@wrong(fails="nms_per_class.classes", hint="those of the same class are not")
def other_classes(iou, scores, labels, threshold):
    return one_class(iou * (labels[:, None] != labels), scores, threshold)


@wrong(fails="nms_per_class.classes", hint="class after class")
def not_joined_by_score(iou, scores, labels, threshold):
    return np.concatenate([mine[k] for mine, k in each_class(iou, scores, labels, threshold)])


@wrong(fails="nms_per_class.classes", hint="count within each class")
def inner_indices(iou, scores, labels, threshold):
    return np.concatenate([k for _, k in each_class(iou, scores, labels, threshold)])


@wrong(fails="nms_per_class.classes", hint="the class of the best box alone")
def return_in_the_loop(iou, scores, labels, threshold):
    mine = np.flatnonzero(labels == labels[scores.argmax()])
    return mine[one_class(iou[np.ix_(mine, mine)], scores[mine], threshold)]


@wrong(fails="nms_per_class.classes", hint="no box is dropped")
def no_suppression(iou, scores, labels, threshold):
    return np.argsort(-scores)


@wrong(fails="nms_per_class.order", hint="in the order given")
def sorted_indices(iou, scores, labels, threshold):
    return np.sort(table_changed(iou, scores, labels, threshold))


@wrong(fails="nms_per_class.order", hint="the lowest score comes first")
def upwards(iou, scores, labels, threshold):
    return table_changed(iou, scores, labels, threshold)[::-1].copy()


@wrong(fails="nms_per_class.classes", hint="NumPy array")
def a_list(iou, scores, labels, threshold):
    return list(table_changed(iou, scores, labels, threshold))
