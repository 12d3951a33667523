"""Broken files and surgery on cells change no score, and right work keeps its own whatever noise it makes."""

import cases
import pytest


@pytest.mark.parametrize("attack", cases.of_module("files"), ids=str)
def test_attack(attack_alone, attack):
    report = attack_alone(attack)
    if attack.status == "unreadable":
        assert all(cell.flagged and cell.message == report.message for cell in report.cells)
