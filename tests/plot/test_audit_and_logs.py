"""Figures of audits and of trainers' logs show no more than is known."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from klimit import (
    Audit,
    Draws,
    FrontierEstimate,
    audit,
    audit_points,
    convert_logged_kl,
    estimate_best_of_n,
    estimate_frontier,
)
from klimit.estimate.frontier.curve import frontier_curve
from klimit.estimate.frontier.favoured import favoured_responses
from klimit.plot import audit_figure, logged_kl_figure, run_figure
from klimit.report import render_markdown
from klimit.report.audit import audit_document
from klimit.report.draws import draws_document
from klimit.report.sketch import Sketch, render_sketch
from tests.estimate.audit.models_for_tests import small

POLICY, REFERENCE = small(prompts=20, draws=24)


@pytest.fixture(scope="module")
def found() -> Audit:
    return audit(POLICY, reference=REFERENCE)


@pytest.fixture(scope="module")
def curve() -> FrontierEstimate:
    return frontier_curve(REFERENCE, estimate_frontier(REFERENCE, kl=1.0), size=8)


def gids(figure: Figure) -> set[str]:
    return {gid for artist in figure.findobj() if (gid := artist.get_gid())}


def test_only_distances_that_the_draws_bear_are_drawn(
    found: Audit, curve: FrontierEstimate
) -> None:
    both = {"reward-gap", "excess-kl"}
    assert both <= gids(audit_figure(found, frontier=curve))
    shaky = replace(found, supported=False, excess_supported=False)
    assert not both & gids(audit_figure(shaky, frontier=curve))


def test_a_run_without_a_knee_has_none_marked(curve: FrontierEstimate) -> None:
    run = audit_points(kl=[0.1, 0.2], reward=[0.1, 0.2], reference=REFERENCE)
    assert run.knee is None
    drawn = gids(run_figure(run, frontier=curve))
    assert "run" in drawn
    assert "knee" not in drawn


def test_an_exact_log_has_no_bounds_and_needs_no_legend() -> None:
    exact = [convert_logged_kl(v, term="k1", average="sum") for v in (0.1, 0.2)]
    figure = logged_kl_figure([1, 2], exact)
    assert gids(figure) == {"kl"}
    assert figure.axes[0].get_legend() is None


def test_a_sketch_of_data_without_an_end_shows_none() -> None:
    drawn = render_sketch(Sketch("KL", "reward", ((0.0, 0.0), (1.0, 1.0))))
    assert "end of the data" not in drawn
    assert "●" not in drawn
    assert "┊" not in drawn


def test_a_report_on_passes_that_bear_every_budget_says_so() -> None:
    draws = Draws.from_matrix(np.tile([0.0, 1.0], (20, 32)))
    frontier = estimate_frontier(draws, kl=[0.1, 0.5])
    curve = frontier_curve(draws, frontier, size=5)
    document = draws_document(
        draws,
        reward_name="passed",
        frontier=frontier,
        curve=curve,
        favoured=favoured_responses(draws, curve),
        best_of=estimate_best_of_n(draws, n=[1]),
    )
    assert document.summary[-1] == (
        "These draws support every budget: the best reward seen is reached often enough."
    )
    assert not any(line.startswith("Best of") for line in document.summary)


def test_a_report_on_an_audit_that_the_policys_draws_do_not_bear_says_why() -> None:
    scores = POLICY.columns["log_prob_policy"]
    alike = replace(POLICY, columns={**POLICY.columns, "log_prob_reference": scores})
    found = audit(alike, reference=REFERENCE)
    assert not found.policy_supported
    curve = frontier_curve(REFERENCE, estimate_frontier(REFERENCE, kl=1.0), size=8)
    page = render_markdown(audit_document(found, reward_name="score", curve=curve))
    assert f"The draws do not bear these numbers: {found.policy_reason}." in page
