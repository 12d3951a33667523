"""Hostile code gains nothing, learns nothing, changes nothing and leaves nothing behind."""

import socket

import cases
import pytest
from containment import TELLTALES


@pytest.mark.parametrize("attack", cases.of_module("code"), ids=str)
def test_attack(attack_alone, world, attack):
    with socket.create_server(("127.0.0.1", 0)) as server:
        world.port = server.getsockname()[1]
        server.setblocking(False)
        attack_alone(attack)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_knowing_the_worked_cases_by_heart_passes_those_cases_alone(attack_alone):
    (attack,) = [each for each in cases.ATTACKS if each.name == "knows the worked cases by heart"]
    for cell in attack_alone(attack).cells:
        if cell.id in cases.AIM:
            told = [(check["hidden"], check["status"]) for check in cell.checks]
            assert told == [(False, "passed"), (True, "failed")]


def test_a_leak_meets_its_hidden_case_and_says_so_without_words(attack_alone):
    (attack,) = [each for each in cases.ATTACKS if (each.kind, each.name) == ("leak", "raises it")]
    report = attack_alone(attack)
    example = next(cell for cell in report.cells if cell.id == "corr2d_example")
    assert [check["hidden"] for check in example.checks] == [False, True]
    assert "raised ValueError." in example.message
    assert not any(telltale in str(report.outputs) for telltale in TELLTALES)
