"""An audit in words, the same on the command line and on a page."""

from klimit.core.results import Estimate
from klimit.estimate.audit.points import PointsAudit
from klimit.estimate.audit.policies import Audit

__all__ = ["knee_in_words", "named_numbers"]


def named_numbers(audit: Audit, *, reward: str) -> list[tuple[str, Estimate, str]]:
    """The numbers of an audit by name.

    Args:
        audit: The audit.
        reward: What the reward is called.

    Returns:
        Name, estimate, and why the draws do not bear it: empty where they do.
    """
    bare, unsure = audit.policy_reason, audit.reason
    return [
        ("KL, nats a response", audit.kl, bare),
        (reward, audit.mean_reward, bare),
        ("gain over the reference", audit.gain, bare),
        (f"most {reward} at that KL", audit.frontier_reward, unsure),
        ("reward gap", audit.reward_gap, unsure),
        ("efficiency", audit.efficiency, unsure),
        ("excess KL at that reward", audit.excess_kl, audit.excess_reason),
        ("divergence from the optimum", audit.divergence, unsure),
    ]


def knee_in_words(run: PointsAudit) -> str:
    """Where a run leaves the frontier, in a sentence.

    Args:
        run: The run.

    Returns:
        The knee, or why there is none.
    """
    if run.knee is None:
        return f"No knee: {run.knee_reason}."
    return (
        f"The knee is at KL {run.knee.kl:.3g}, after step {run.knee_step:g}: of each "
        f"further nat {run.knee.waste_before:.0%} bought nothing before it, "
        f"{run.knee.waste_after:.0%} after."
    )
