"""Checks of `softmax_cross_entropy(logits, target)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.compare import ANYTHING
from course_lib.grading.engine import Case, Check


def loss_and_gradient(logits, target):
    from course_lib.functional import cross_entropy, cross_entropy_backward

    grads = cross_entropy_backward(np.array(1.0), logits, target)
    return float(cross_entropy(logits, target)), grads.logits


def _probabilities(logits, axis=1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)  # (N, K)


def _one_hot(logits, target):
    return (np.arange(logits.shape[1]) == target[:, None]) * 1.0  # (N, K)


def _in_loss(change):
    return lambda logits, target: (change(logits, target), ANYTHING)


def _in_grad(change):
    """A mistake in the gradient, as a function of probabilities p, one-hot targets t and N."""
    return lambda logits, target: (
        ANYTHING,
        change(_probabilities(logits), _one_hot(logits, target), len(logits)),
    )


def _mean_of_targets(logits, target):
    return float(-_probabilities(logits)[np.arange(len(logits)), target].mean())


def _along_batch(logits, target):
    chosen = _probabilities(logits, axis=0)[np.arange(len(logits)), target]
    if not chosen.all():
        raise ValueError("a probability of 0: this mistake cannot be told from an overflow")
    return float(-np.log(chosen).mean())


def _without_keepdims(logits):
    """Only where there are as many images as classes: else it raises."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1)  # (N, K)


def _over_everything(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()  # (N, K)


def _loss_from(probabilities):
    """The loss from other probabilities; large logits, whose loss is no number anyway, have none."""

    def mistake(logits, target):
        if np.abs(logits).max() > 100:
            raise ValueError("this mistake cannot be told from an overflow")
        chosen = probabilities(logits)[np.arange(len(logits)), target]
        return float(-np.log(chosen).mean()), ANYTHING

    return mistake


def _grad_from(probabilities):
    def mistake(logits, target):
        return ANYTHING, (probabilities(logits) - _one_hot(logits, target)) / len(logits)

    return mistake


def _after_subtraction(logits, target):
    return _loss_from(lambda z: _probabilities(z) - _one_hot(z, target))(logits, target)


def _every_class(logits, target):
    shifted = logits - logits.max(axis=1, keepdims=True)  # (N, K)
    return float((np.log(np.exp(shifted).sum(axis=1, keepdims=True)) - shifted).sum() / len(logits))


MISTAKES = {
    "the order is loss, grad_logits": lambda logits, target: loss_and_gradient(logits, target)[::-1],
    "keepdims=True is missing in the sum: this divides column by column (the loss)": _loss_from(
        _without_keepdims
    ),
    "keepdims=True is missing in the sum: this divides column by column (the gradient)": _grad_from(
        _without_keepdims
    ),
    "the softmax divides by the sum over all images: sum each row by itself": _loss_from(_over_everything),
    "the gradient's softmax divides by the sum over all images: sum each row by itself": _grad_from(
        _over_everything
    ),
    "the loss is taken after the 1 is subtracted: take it before the 1 is subtracted, or from a copy": (
        _after_subtraction
    ),
    "the loss adds up every class of every image: only the target's counts": _in_loss(_every_class),
    "only the first image counts in the loss: take the mean": _in_loss(
        lambda z, t: loss_and_gradient(z[:1], t[:1])[0]
    ),
    "the logarithm has base 10: take the natural one": _in_loss(
        lambda z, t: loss_and_gradient(z, t)[0] / np.log(10)
    ),
    "the loss is summed over the batch: take the mean": _in_loss(
        lambda z, t: loss_and_gradient(z, t)[0] * len(z)
    ),
    "the loss has its sign reversed: it is minus the logarithm": _in_loss(
        lambda z, t: -loss_and_gradient(z, t)[0]
    ),
    "the logarithm has base 2: take the natural one": _in_loss(
        lambda z, t: loss_and_gradient(z, t)[0] / np.log(2)
    ),
    "the loss is averaged over the classes as well": _in_loss(
        lambda z, t: loss_and_gradient(z, t)[0] / z.shape[1]
    ),
    "the logarithm is missing": _in_loss(_mean_of_targets),
    "the softmax runs over the batch: it runs over the classes, axis 1": _in_loss(_along_batch),
    "the gradient is that of the summed loss: divide by N": _in_grad(lambda p, t, n: p - t),
    "the gradient has its sign reversed: it is softmax minus one-hot": _in_grad(lambda p, t, n: (t - p) / n),
    "the target is not subtracted: the gradient is softmax minus one-hot": _in_grad(lambda p, t, n: p / n),
    "only the target's entry has a gradient: the other classes have one as well": _in_grad(
        lambda p, t, n: (p - t) * t / n
    ),
    "the gradient is divided by N K: divide by N": _in_grad(lambda p, t, n: (p - t) / p.size),
    "the gradient is multiplied by p (1 - p): that belongs to the squared error": _in_grad(
        lambda p, t, n: (p - t) * p * (1 - p) / n
    ),
}


LOGITS = np.log(np.array([[1.0, 2.0, 1.0], [4.0, 2.0, 2.0]]))  # softmax: 1/4 1/2 1/4 and 1/2 1/4 1/4


def _loss_value():
    logits, target = np.log(np.array([[1.0, 3.0], [2.0, 2.0]])), np.array([1, 0])
    return [
        Case(
            (logits, target),
            note="two images, two classes",
            expected=(float((np.log(4 / 3) + np.log(2)) / 2), ANYTHING),
            explain="the logits are logarithms, so softmax gives 1/4, 3/4 and 1/2, 1/2; "
            "the loss is -(log 3/4 + log 1/2) / 2 = 0.4904",
        ),
        Case(
            (LOGITS.copy(), np.array([1, 2])),
            note="two images, three classes",
            expected=(float((np.log(2) + np.log(4)) / 2), ANYTHING),
            explain="softmax gives 1/4, 1/2, 1/4 and 1/2, 1/4, 1/4; "
            "the loss is -(log 1/2 + log 1/4) / 2 = 1.0397",
        ),
    ]


def _loss_gradient():
    logits, target = np.log(np.array([[1.0, 3.0], [2.0, 2.0]])), np.array([1, 0])
    return [
        Case(
            (logits, target),
            note="two images, two classes",
            expected=(ANYTHING, np.array([[0.125, -0.125], [-0.25, 0.25]])),
            explain="first image: softmax 1/4, 3/4 minus one-hot 0, 1, divided by 2",
        ),
        Case(
            (LOGITS.copy(), np.array([1, 2])),
            note="two images, three classes",
            expected=(ANYTHING, np.array([[0.125, -0.25, 0.125], [0.25, 0.125, -0.375]])),
            explain="first image: softmax 1/4, 1/2, 1/4 minus one-hot 0, 1, 0, divided by 2",
        ),
    ]


def _loss_hidden(rng):
    return [
        Case((rng.standard_normal((n, k)) * 2, rng.integers(0, k, n)), note=f"{n} images, {k} classes")
        for n, k in [(5, 3), (4, 4), (1, 7)]
    ]


def _large():
    return [
        Case(
            (np.array([[1000.0, 0.0], [0.0, -1000.0]]), np.array([0, 1])),
            note="logits of 1000",
            expected=(500.0, np.array([[0.0, 0.0], [0.5, -0.5]])),
            explain="exp(1000) overflows; subtract each row's largest logit first. The second image has "
            "probability exp(-1000), loss 1000; the mean is 500",
        ),
        Case(
            (np.array([[1000.0, 1000.0, 0.0]]), np.array([0])),
            note="one image, two equal logits of 1000",
            expected=(float(np.log(2)), np.array([[-0.5, 0.5, 0.0]])),
            explain="softmax gives 1/2, 1/2, 0, and -log 1/2 = 0.6931",
        ),
    ]


def _large_hidden(rng):
    return [
        Case((rng.standard_normal((4, 3)) * scale, rng.integers(0, 3, 4)), note=f"logits around {scale}")
        for scale in (1e3, 1e4)
    ]


def _loss_only(logits, target):
    return loss_and_gradient(logits, target)[0], ANYTHING


def _gradient_only(logits, target):
    return ANYTHING, loss_and_gradient(logits, target)[1]


def _check(answer, name, about, visible, hidden):
    function, options = "softmax_cross_entropy", {"parts": ("loss", "grad_logits")}
    return Check(
        f"{function}.{name}",
        function,
        about,
        ("logits", "target"),
        visible,
        hidden,
        answer,
        MISTAKES,
        **options,
    )


CHECKS = (
    _check(_loss_only, "loss", "the mean loss", _loss_value, _loss_hidden),
    _check(_gradient_only, "gradient", "the logits' gradient", _loss_gradient, _loss_hidden),
    _check(loss_and_gradient, "large", "logits of a thousand", _large, _large_hidden),
)
