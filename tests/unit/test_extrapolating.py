from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.extrapolating import trend


def law(n: int, slope: float = 0.5, scale: float = 2.0) -> tuple[int, float]:
    """Return a point of 1 - scale * n ** -slope."""
    return n, 1 - scale * n**-slope


def test_a_law_is_found_again_and_extended() -> None:
    found = trend([law(n) for n in (20, 50, 100, 200)])
    assert found is not None
    assert found.slope == pytest.approx(0.5)
    gain = found.gain(200)
    assert gain.value == pytest.approx(law(400)[1] - law(200)[1])
    assert gain.low == pytest.approx(gain.value, abs=1e-6)
    assert found.needed(0.9) == (200, 200, 200)
    assert found.needed(0.5) == (0, 0, 0)
    assert found.needed(1.0) == (None, None, None)


@pytest.mark.parametrize(
    "points",
    [
        [],
        [law(n) for n in (20, 50, 100)],
        [law(n) for n in (100, 110, 120, 130, 140)],
        [(50, 0.5), (50, 0.6), (50, 0.7), (120, 0.8)],
    ],
)
def test_too_few_points_or_too_near_say_nothing(points: list[tuple[int, float]]) -> None:
    assert trend(points) is None


def test_noise_widens_what_is_expected() -> None:
    clean = [law(n) for n in (20, 40, 80, 160)]
    noisy = [(n, value + shift) for (n, value), shift in zip(clean, (0.03, -0.03, 0.03, -0.03), strict=True)]
    found = trend(noisy)
    assert found is not None
    gain = found.gain(50)
    assert gain.low < 0 < gain.value < gain.high
    expected, best, worst = found.needed(0.95)
    assert best is not None
    assert expected is None or best <= expected
    assert worst is None or expected is None or expected <= worst


def test_a_curve_that_falls_has_no_target_in_reach() -> None:
    found = trend([(20, 0.9), (40, 0.88), (80, 0.86), (160, 0.84)])
    assert found is not None
    assert found.gain(50).value < 0
    assert found.needed(0.95)[0] is None


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 1)), max_size=12), st.floats(0, 1))
def test_any_points_give_bounds_in_order(points: list[tuple[int, float]], target: float) -> None:
    found = trend(points)
    if found is not None:
        gain = found.gain(50)
        assert -1 <= gain.low <= gain.value <= gain.high <= 1
        assert all(n is None or n >= 0 for n in found.needed(target))
