from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.learn.engines.platt import Platt, fit_platt, logit


def test_what_is_shown_comes_true_as_often() -> None:
    chance = np.random.default_rng(0)
    raw = chance.uniform(0.1, 0.999, 4000)
    true = 1 / (1 + np.exp(-(0.6 * logit(raw) - 0.4)))
    found = fit_platt(raw, (chance.random(4000) < true).astype(float))
    assert found.scale == pytest.approx(0.6, abs=0.08)
    assert found.shift == pytest.approx(-0.4, abs=0.1)
    np.testing.assert_allclose(found.shown(raw), true, atol=0.03)


def test_few_predictions_change_little() -> None:
    few, many = (fit_platt(np.full(size, 0.95), (np.arange(size) % 5 < 3).astype(float)) for size in (30, 3000))
    assert many.shown(0.95) == pytest.approx(0.6, abs=0.05)
    assert many.shown(0.95) < few.shown(0.95) < 0.95


def test_a_handful_of_predictions_changes_nothing() -> None:
    found = fit_platt(np.linspace(0.2, 0.9, 20), (np.arange(20) < 10).astype(float))
    assert found == Platt()
    assert found.shown(0.7) == 0.7


@pytest.mark.parametrize("right", [0.0, 1.0])
@pytest.mark.parametrize("raw", [0.1, 0.5, 1.0])
def test_answers_that_are_all_alike_are_no_trouble(right: float, raw: float) -> None:
    found = fit_platt(np.full(3000, raw), np.full(3000, right))
    assert abs(float(found.shown(raw)) - right) < 0.1


def test_probabilities_that_say_the_opposite_never_turn_the_order() -> None:
    raw = np.linspace(0.05, 0.95, 5000)
    found = fit_platt(raw, (raw < 0.5).astype(float))
    assert found.scale > 0


@given(st.floats(0.05, 5), st.floats(-4, 4), st.floats(0, 1), st.floats(0, 1))
def test_order_stays_and_the_way_back_is_the_way_there(scale: float, shift: float, one: float, other: float) -> None:
    platt = Platt(scale, shift, 100)
    low, high = sorted((one, other))
    assert 0 <= platt.shown(low) <= platt.shown(high) <= 1
    if 0.001 < platt.shown(one) < 0.999 and 0.001 < one < 0.999:
        assert platt.raw(float(platt.shown(one))) == pytest.approx(one, abs=1e-6)


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_a_calibration_that_turns_the_order_is_refused(scale: float) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"scale": scale, "shift": 0.0, "fitted_on": 9}, Platt)
