import math

import numpy as np
import pytest

from gxnor_snn.train.schedule import SCHEDULES, learning_rate


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warmup", [0, 3])
def test_from_the_first_to_the_last_rate_without_a_rise(schedule: str, warmup: int) -> None:
    rates = [learning_rate((0.1, 1e-4), k, 20, schedule=schedule, warmup=warmup) for k in range(20)]
    np.testing.assert_allclose(rates[:warmup], np.arange(1, warmup + 1) * 0.1 / (warmup + 1))
    assert rates[warmup] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(1e-4)
    assert (np.diff(rates[warmup:]) < 0).all()


def test_geometric_has_one_ratio_and_cosine_its_formula() -> None:
    geometric = [learning_rate((0.1, 1e-5), k, 9) for k in range(9)]
    np.testing.assert_allclose(np.diff(np.log(geometric)), math.log(1e-4) / 8)
    cosine = [learning_rate((1.0, 0.2), k, 9, schedule="cosine") for k in range(9)]
    np.testing.assert_allclose(cosine, 0.2 + 0.8 * (1 + np.cos(np.pi * np.arange(9) / 8)) / 2)


def test_a_run_of_one_step_takes_the_first_rate() -> None:
    assert learning_rate((0.1, 1e-5), 0, 1) == 0.1
