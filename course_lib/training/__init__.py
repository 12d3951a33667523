"""Training and measuring PyTorch models: ``fit``, ``evaluate`` and the ``History`` of a run."""

import course_lib._torch  # noqa: F401 - says it where PyTorch is missing
from course_lib.training.history import History
from course_lib.training.loop import accuracy, default_device, evaluate, fit

__all__ = ["History", "accuracy", "default_device", "evaluate", "fit"]
