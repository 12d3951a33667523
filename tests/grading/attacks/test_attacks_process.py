"""Bombs end at their limits, the jail's own calls are refused, and no process is left."""

import cases
import pytest


@pytest.mark.parametrize("attack", cases.of_module("process"), ids=str)
def test_attack(attack_alone, attack):
    report = attack_alone(attack)
    aimed = {cell.status for cell in report.cells if cell.id in cases.AIM}
    assert aimed <= attack.aims[cases.AIM[0]][1]
    assert all(cell.flagged for cell in report.cells if cell.status in ("timeout", "memory"))
