"""What to say of a model: parameters, multiply-adds, memory, receptive field, latency, report card."""

import course_lib._torch  # noqa: F401 - says it where PyTorch is missing
from course_lib.reporting.card import ReportCard, report_card
from course_lib.reporting.costs import Cost, Latency, LayerCost, cost, latency, parameter_count
from course_lib.reporting.fields import FieldRow, measured_receptive_field, receptive_field

__all__ = [
    "Cost",
    "FieldRow",
    "Latency",
    "LayerCost",
    "ReportCard",
    "cost",
    "latency",
    "measured_receptive_field",
    "parameter_count",
    "receptive_field",
    "report_card",
]
