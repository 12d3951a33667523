"""Solutions of find_hits(iou, scores, images, object_images, threshold)."""

import numpy as np
from bank import right, wrong


def choose(
    iou,
    scores,
    images,
    object_images,
    threshold,
    order=None,
    once=True,
    allowed=lambda mine, its: mine == its,
    enough=lambda value, least: value >= least,
):
    hits, free = np.zeros(len(scores), bool), np.ones(len(object_images), bool)
    for d in np.argsort(-scores) if order is None else order:
        mine = [m for m in range(len(object_images)) if free[m] and allowed(images[d], object_images[m])]
        best = max(mine, key=lambda m: iou[d, m], default=None)
        if best is not None and enough(iou[d, best], threshold):
            hits[d] = True
            free[best] = not once
    return hits


@right
def with_lists(iou, scores, images, object_images, threshold=0.5):
    return choose(iou, scores, images, object_images, threshold)


@right
def masked_table(iou, scores, images, object_images, threshold=0.5):
    table = np.where(np.equal.outer(images, object_images), iou, -1.0)
    hits = np.zeros(scores.shape, dtype=np.bool_)
    for d in scores.argsort()[::-1]:
        row = table[d]
        if row.max(initial=-1.0) >= threshold:
            table[:, row.argmax()] = -1.0
            hits[d] = True
    return hits


@right
def image_by_image(iou, scores, images, object_images, threshold=0.5):
    hits = np.zeros(len(scores), bool)
    for image in set(images.tolist()):
        d, m = np.flatnonzero(images == image), np.flatnonzero(object_images == image)
        zeros = np.zeros(len(d), int), np.zeros(len(m), int)
        hits[d] = choose(iou[np.ix_(d, m)], scores[d], *zeros, threshold)
    return hits


@right
def sorted_and_put_back(iou, scores, images, object_images, threshold=0.5):
    order = np.argsort(-scores)
    args = iou[order], scores[order], images[order], object_images, threshold
    hits = np.empty(len(scores), bool)
    hits[order] = choose(*args, order=range(len(order)))
    return hits


@wrong(fails="find_hits.once", hint="found twice")
def objects_reused(iou, scores, images, object_images, threshold=0.5):
    return choose(iou, scores, images, object_images, threshold, once=False)


@wrong(fails="find_hits.once", hint="choose in the order given")
def unsorted(iou, scores, images, object_images, threshold=0.5):
    return choose(iou, scores, images, object_images, threshold, order=range(len(scores)))


@wrong(fails="find_hits.once", hint="argsort sorts upwards")
def upwards(iou, scores, images, object_images, threshold=0.5):
    return choose(iou, scores, images, object_images, threshold, order=np.argsort(scores))


@wrong(fails="find_hits.once", hint="the largest overlap chooses first")
def best_overlap_chooses(iou, scores, images, object_images, threshold=0.5):
    own = np.where(images[:, None] == object_images, iou, 0).max(axis=1, initial=0)
    return choose(iou, scores, images, object_images, threshold, order=np.argsort(-own))


@wrong(fails="find_hits.once", hint="gives up")
def voc(iou, scores, images, object_images, threshold=0.5):
    hits, taken = np.zeros(len(scores), bool), set()
    for d in np.argsort(-scores):
        mine = np.where(object_images == images[d], iou[d], -1)
        best = mine.argmax() if len(mine) else None
        if best is not None and mine[best] >= threshold and best not in taken:
            hits[d] = True
            taken.add(best)
    return hits


@wrong(fails="find_hits.images", hint="another image")
def images_ignored(iou, scores, images, object_images, threshold=0.5):
    return choose(iou, scores, images, object_images, threshold, allowed=lambda mine, its: True)


@wrong(fails="find_hits.exact", hint="at least the threshold does")
def above(iou, scores, images, object_images, threshold=0.5):
    return choose(iou, scores, images, object_images, threshold, enough=lambda value, least: value > least)


@wrong(fails="find_hits.exact", hint="")
def threshold_fixed(iou, scores, images, object_images, threshold=0.5):
    return choose(iou, scores, images, object_images, 0.5)


@wrong(fails="find_hits.best", hint="return them in the order given")
def in_order_of_scores(iou, scores, images, object_images, threshold=0.5):
    return with_lists(iou, scores, images, object_images, threshold)[np.argsort(-scores)]


@wrong(fails="find_hits.best", hint="the threshold is ignored")
def no_threshold(iou, scores, images, object_images, threshold=0.5):
    return choose(iou, scores, images, object_images, 1e-6)


@wrong(fails="find_hits.best", hint="the first object that it overlaps enough")
def first_object(iou, scores, images, object_images, threshold=0.5):
    hits, taken = np.zeros(len(scores), bool), set()
    for d in np.argsort(-scores):
        for m in np.flatnonzero((iou[d] >= threshold) & (object_images == images[d])):
            if m not in taken:
                hits[d] = True
                taken.add(m)
                break
    return hits


@wrong(fails="find_hits.best", hint="one detection of an image alone")
def one_object_an_image(iou, scores, images, object_images, threshold=0.5):
    hits = with_lists(iou, scores, images, object_images, threshold)
    for image in set(images.tolist()):
        mine = np.flatnonzero(images == image)
        hits[np.setdiff1d(mine, mine[scores[mine].argmax()])] = False
    return hits


@wrong(fails="find_hits.best", hint="raised ValueError")
def needs_objects(iou, scores, images, object_images, threshold=0.5):
    assert iou.argmax(axis=1).shape == scores.shape
    return with_lists(iou, scores, images, object_images, threshold)


@wrong(fails="find_hits.best", hint="dtype bool")
def zeros_and_ones(iou, scores, images, object_images, threshold=0.5):
    return with_lists(iou, scores, images, object_images, threshold).astype(int)
