"""Solutions of softmax_cross_entropy(logits, target)."""

import numpy as np
from bank import right, wrong


def _softmax(logits, axis=1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _parts(logits, target):
    rows = np.arange(len(logits))
    grad = _softmax(logits)
    grad[rows, target] -= 1
    return -_log_softmax(logits)[rows, target].mean(), grad / len(logits)


@right
def stable(logits, target):
    return _parts(logits, target)


@right
def one_hot(logits, target):
    wanted = np.eye(logits.shape[1])[target]
    logs = _log_softmax(logits)
    return float(-(wanted * logs).sum() / len(logits)), np.asfortranarray(
        (np.exp(logs) - wanted) / len(logits)
    )


@right
def row_by_row(logits, target):
    loss, grad = 0.0, np.zeros_like(logits)
    for n, row in enumerate(logits):
        top = row.max()
        total = np.exp(row - top).sum()
        loss += float(np.log(total) + top - row[target[n]])
        grad[n] = np.exp(row - top) / total
        grad[n, target[n]] -= 1
    return [loss / len(logits), grad / len(logits)]


@wrong(fails="softmax_cross_entropy.large")
def overflows(logits, target):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    rows = np.arange(len(logits))
    loss = -np.log(p[rows, target]).mean()
    p[rows, target] -= 1
    return loss, p / len(logits)


@wrong(fails="softmax_cross_entropy.large")
def underflows(logits, target):
    loss = -np.log(_softmax(logits)[np.arange(len(logits)), target] + 1e-12).mean()
    return loss, _parts(logits, target)[1]


@wrong(fails="softmax_cross_entropy.loss", hint="summed over the batch")
def loss_summed(logits, target):
    loss, grad = _parts(logits, target)
    return loss * len(logits), grad


@wrong(fails="softmax_cross_entropy.loss", hint="sign reversed")
def loss_negative(logits, target):
    loss, grad = _parts(logits, target)
    return -loss, grad


@wrong(fails="softmax_cross_entropy.loss", hint="base 2")
def base_two(logits, target):
    loss, grad = _parts(logits, target)
    return loss / np.log(2), grad


@wrong(fails="softmax_cross_entropy.loss", hint="averaged over the classes")
def loss_over_classes(logits, target):
    loss, grad = _parts(logits, target)
    return loss / logits.shape[1], grad


@wrong(fails="softmax_cross_entropy.loss", hint="logarithm is missing")
def no_logarithm(logits, target):
    return -_softmax(logits)[np.arange(len(logits)), target].mean(), _parts(logits, target)[1]


@wrong(fails="softmax_cross_entropy.loss", hint="runs over the classes, axis 1")
def softmax_over_the_batch(logits, target):
    loss = -np.log(_softmax(logits, axis=0)[np.arange(len(logits)), target]).mean()
    return loss, _parts(logits, target)[1]


@wrong(fails="softmax_cross_entropy.gradient", hint="divide by N")
def gradient_of_the_sum(logits, target):
    loss, grad = _parts(logits, target)
    return loss, grad * len(logits)


@wrong(fails="softmax_cross_entropy.gradient", hint="sign reversed")
def gradient_negative(logits, target):
    loss, grad = _parts(logits, target)
    return loss, -grad


@wrong(fails="softmax_cross_entropy.gradient", hint="target is not subtracted")
def target_not_subtracted(logits, target):
    return _parts(logits, target)[0], _softmax(logits) / len(logits)


@wrong(fails="softmax_cross_entropy.gradient", hint="only the target's entry")
def target_only(logits, target):
    loss, grad = _parts(logits, target)
    return loss, grad * np.eye(logits.shape[1])[target]


@wrong(fails="softmax_cross_entropy.gradient", hint="divided by N K")
def gradient_over_classes(logits, target):
    loss, grad = _parts(logits, target)
    return loss, grad / logits.shape[1]


@wrong(fails="softmax_cross_entropy.gradient", hint="squared error")
def squared_error_gradient(logits, target):
    loss, grad = _parts(logits, target)
    p = _softmax(logits)
    return loss, grad * p * (1 - p)


@wrong(fails="softmax_cross_entropy.loss", hint="changed its input logits")
def shifts_in_place(logits, target):
    logits -= logits.max(axis=1, keepdims=True)
    return _parts(logits, target)


@right
def logaddexp(logits, target):
    total = np.logaddexp.reduce(logits, axis=1)
    gradient = np.exp(logits - total[:, None]) - (np.arange(logits.shape[1]) == target[:, None])
    return np.mean(total - np.take_along_axis(logits, target[:, None], axis=1)[:, 0]), gradient / len(logits)


@right
def image_by_image_talking(logits, target):
    losses, rows = [], []
    for z, t in zip(logits, target, strict=True):
        log_p = z - z.max() - np.log(np.sum(np.exp(z - z.max())))
        losses.append(-log_p[t])
        rows.append(np.exp(log_p) - (np.arange(len(z)) == t))
        print("loss", losses[-1])
    return float(np.sum(losses)) / len(losses), np.array(rows) / len(rows)


@right
def differences_of_logits(logits, target):
    n, rest = len(logits), logits - logits[np.arange(len(logits)), target][:, None]
    top = rest.max(axis=1, keepdims=True)
    sums = np.exp(rest - top).sum(axis=1, keepdims=True)
    p = np.exp(rest - top) / sums
    p[np.arange(n), target] -= 1
    return np.array((top + np.log(sums)).mean()), (p.T / n).T


@wrong(fails="softmax_cross_entropy.loss", hint="keepdims")
def keepdims_forgotten(logits, target):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1)
    loss = -np.log(p[np.arange(len(logits)), target]).mean()
    p[np.arange(len(logits)), target] -= 1
    return loss, p / len(logits)


@wrong(fails="softmax_cross_entropy.gradient", hint="keepdims")
def keepdims_forgotten_in_the_gradient(logits, target):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1)
    p[np.arange(len(logits)), target] -= 1
    return _parts(logits, target)[0], p / len(logits)


@wrong(fails="softmax_cross_entropy.loss", hint="each row by itself")
def sum_over_everything(logits, target):
    powers = np.exp(logits - logits.max())
    p = powers / powers.sum()
    return -np.log(p[np.arange(len(logits)), target]).mean(), _parts(logits, target)[1]


@wrong(fails="softmax_cross_entropy.loss", hint="before the 1 is subtracted")
def loss_taken_after_the_subtraction(logits, target):
    p = _softmax(logits)
    grad = p
    grad[np.arange(len(logits)), target] -= 1
    return -np.log(p[np.arange(len(logits)), target]).mean(), grad / len(logits)


@wrong(fails="softmax_cross_entropy.loss", hint="the order is loss, grad_logits")
def order_swapped(logits, target):
    loss, grad = _parts(logits, target)
    return grad, loss


@wrong(fails="softmax_cross_entropy.loss", hint="base 10")
def base_ten(logits, target):
    loss, grad = _parts(logits, target)
    return loss / np.log(10), grad


@wrong(fails="softmax_cross_entropy.loss", hint="only the first image")
def first_image_only(logits, target):
    return _parts(logits[:1], target[:1])[0], _parts(logits, target)[1]


@wrong(fails="softmax_cross_entropy.loss", hint="every class of every image")
def all_classes_counted(logits, target):
    return -_log_softmax(logits).sum() / len(logits), _parts(logits, target)[1]


@wrong(fails="softmax_cross_entropy.loss", hint="expected a number")
def one_loss_for_each_image(logits, target):
    return -_log_softmax(logits)[np.arange(len(logits)), target], _parts(logits, target)[1]


@wrong(fails="softmax_cross_entropy.large", hint="each row's largest logit")
def one_maximum_for_the_batch(logits, target):
    with np.errstate(all="ignore"):
        powers = np.exp(logits - logits.max())
        p = powers / powers.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(logits)), target]).mean()
    p[np.arange(len(logits)), target] -= 1
    return loss, p / len(logits)


@wrong(fails="softmax_cross_entropy.large", hint="expected 500, got 17")
def probabilities_clipped(logits, target):
    p = np.clip(_softmax(logits), 1e-15, 1)
    return -np.log(p[np.arange(len(logits)), target]).mean(), _parts(logits, target)[1]


@wrong(fails="softmax_cross_entropy.loss", hint="raised IndexError: index 2 is out of bounds")
def one_hot_of_the_wrong_size(logits, target):
    wanted = np.eye(len(target))[target]
    return float(-(wanted * _log_softmax(logits)).sum() / len(logits)), _parts(logits, target)[1]
