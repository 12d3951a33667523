"""Solutions of precision_recall(hits, scores, num_objects)."""

import numpy as np
from bank import right, wrong


def curve(hits, num_objects):
    found = np.cumsum(hits)
    return found / (np.arange(len(hits)) + 1), found / num_objects


def ranked(hits, scores):
    return hits[np.argsort(-scores)]


@right
def cumulated(hits, scores, num_objects):
    return curve(ranked(hits, scores), num_objects)


@right
def hits_and_misses(hits, scores, num_objects):
    yes = hits[scores.argsort()[::-1]]
    tp, fp = yes.cumsum(), (~yes).cumsum()
    return tp / (tp + fp), tp / num_objects


@right
def with_a_loop(hits, scores, num_objects):
    precision, recall, found = [], [], 0
    pairs = sorted(zip(scores, hits, strict=True), reverse=True)
    for seen, (_, hit) in enumerate(pairs, start=1):
        found += hit
        precision.append(found / seen)
        recall.append(found / num_objects)
    return np.array(precision), np.array(recall)


@right
def by_thresholds(hits, scores, num_objects):
    levels = np.sort(scores)[::-1]
    above = scores >= levels[:, None]
    found = (above & hits).sum(axis=1)
    return [found / above.sum(axis=1), found / num_objects]


@wrong(fails="precision_recall.curve", hint="in the order given")
def unsorted(hits, scores, num_objects):
    return curve(hits, num_objects)


@wrong(fails="precision_recall.curve", hint="argsort sorts upwards")
def upwards(hits, scores, num_objects):
    return curve(hits[np.argsort(scores)], num_objects)


@wrong(fails="precision_recall.curve", hint="recall comes first")
def exchanged(hits, scores, num_objects):
    return cumulated(hits, scores, num_objects)[::-1]


@wrong(fails="precision_recall.curve", hint="by the number of objects, found or not")
def by_the_found(hits, scores, num_objects):
    return curve(ranked(hits, scores), max(1, hits.sum()))


@wrong(fails="precision_recall.curve", hint="recall is divided by the number of detections")
def by_the_detections(hits, scores, num_objects):
    return curve(ranked(hits, scores), len(hits))


@wrong(fails="precision_recall.curve", hint="all detections: by how many")
def by_all_detections(hits, scores, num_objects):
    found = np.cumsum(ranked(hits, scores))
    return found / len(hits), found / num_objects


@wrong(fails="precision_recall.curve", hint="precision is divided by the number of objects")
def twice_recall(hits, scores, num_objects):
    found = np.cumsum(ranked(hits, scores))
    return found / num_objects, found / num_objects


@wrong(fails="precision_recall.curve", hint="one detection too few")
def counts_from_zero(hits, scores, num_objects):
    found = np.cumsum(ranked(hits, scores))
    return found / np.maximum(np.arange(len(hits)), 1), found / num_objects


@wrong(fails="precision_recall.curve", hint="after the last detection")
def last_alone(hits, scores, num_objects):
    return hits.mean(), hits.sum() / num_objects


@wrong(fails="precision_recall.curve", hint="wrong number of parts")
def with_scores(hits, scores, num_objects):
    return (*cumulated(hits, scores, num_objects), np.sort(scores)[::-1])
