"""Which prompts the distance from the optimum comes from."""

import numpy as np
import pytest

from klimit import Draws, InsufficientDataError, audit, audit_by_prompt
from tests.estimate.audit.models_for_tests import MODEL, changed, drawn, policies, small


def test_the_prompts_average_to_the_audit() -> None:
    policy, reference = small(prompts=60)
    found, whole = (
        audit_by_prompt(policy, reference=reference),
        audit(policy, reference=reference),
    )
    assert found.kl.mean() == pytest.approx(whole.kl.value)
    assert found.mean_reward.mean() == pytest.approx(whole.mean_reward.value)
    assert found.divergence.mean() == pytest.approx(whole.divergence.value, abs=5e-3)
    assert found.optimal_kl.mean() == pytest.approx(whole.kl.value, abs=1e-4)
    assert found.beta == pytest.approx(whole.beta)


def test_the_prompt_that_went_astray_stands_out() -> None:
    rng = np.random.default_rng(0)
    good = drawn(policies()["tilt"], prompts=9, draws=50, rng=rng)
    bad = drawn(policies()["worse"], prompts=1, draws=50, rng=rng)
    policy = Draws.from_blocks(
        (*good.prompts, 9),
        np.arange(11) * 50,
        np.concatenate([good.rewards, bad.rewards]),
        {
            name: np.concatenate([column, bad.columns[name]])
            for name, column in good.columns.items()
        },
    )
    reference = drawn(MODEL.log_probs, prompts=10, draws=100, rng=rng)
    found = audit_by_prompt(policy, reference=reference)
    assert int(np.argmax(found.divergence)) == 9
    assert found.divergence[9] > 5 * found.divergence_error[9]
    assert (np.abs(found.divergence[:9]) < 4 * found.divergence_error[:9] + 0.3).all()


def test_an_optimum_beyond_the_draws_is_refused() -> None:
    policy, reference = small()
    with pytest.raises(InsufficientDataError, match="beyond the draws of the reference"):
        audit_by_prompt(changed(policy, kl=9.0), reference=reference)
