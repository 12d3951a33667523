"""Bombs end at their limits, the jail's own calls are refused, and no process is left."""

import cases
import pytest


@pytest.mark.parametrize("attack", cases.of_module("process"), ids=str)
def test_attack(attack_alone, attack):
    attack_alone(attack)
