"""The figure of a plan shows its numbers."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.testing import assert_allclose

from klimit import Draws, Plan, PlanCurve, plan, plan_curves
from klimit.plot import plan_figure


@pytest.fixture(scope="module")
def few() -> Draws:
    return Draws.from_matrix(np.random.default_rng(4).normal(size=(20, 48)))


@pytest.fixture(scope="module")
def planned(few: Draws) -> Plan:
    return plan(few, reward=0.8)


@pytest.fixture(scope="module")
def curves(few: Draws, planned: Plan) -> tuple[PlanCurve, ...]:
    return plan_curves(few, planned, size=20)


def line(figure: Figure, gid: str) -> Line2D:
    (found,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    assert isinstance(found, Line2D)
    return found


def test_every_option_is_a_mark_at_its_price_and_reward(planned: Plan) -> None:
    figure = plan_figure(planned)
    for option in planned.options:
        at = np.asarray(line(figure, f"option-{option.method}").get_xydata())
        assert_allclose(at, [[option.draws.value, option.reward.value]])


def test_curves_rise_from_the_reference_through_the_options(
    planned: Plan, curves: tuple[PlanCurve, ...]
) -> None:
    figure = plan_figure(planned, curves)
    options = {option.method: option for option in planned.options}
    assert len(curves) == 5
    for curve in curves:
        drawn = np.asarray(line(figure, f"curve-{curve.method}").get_xydata())
        assert_allclose(drawn, np.column_stack([curve.draws, curve.reward]))
        assert curve.reward[0] == pytest.approx(planned.reference.value, abs=0.02)
        assert (np.diff(curve.reward) > -1e-9).all()
        option = options[curve.method]
        between = np.interp(option.draws.value, curve.draws, curve.reward)
        assert between == pytest.approx(option.reward.value, abs=0.03)


def test_what_is_out_of_reach_is_hollow(few: Draws) -> None:
    figure = plan_figure(plan(few, reward=9.0))
    assert line(figure, "option-best-of-n").get_markerfacecolor() == "#ffffff"
    assert "hollow" in figure.axes[0].get_title(loc="left")


def test_curves_of_one_draw_a_prompt_end_where_the_draws_do() -> None:
    lone = Draws.from_matrix(np.eye(8)[:, :1])
    for curve in plan_curves(lone, plan(lone, kl=1e-6)):
        assert np.isfinite([curve.draws, curve.reward, curve.kl]).all()
        assert (np.diff(curve.draws) > 0).all()
        assert curve.draws[0] < 1.1
