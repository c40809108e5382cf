"""The second claim: a comparable trade-off means closeness to the optimum."""

from collections.abc import Sequence

from klimit.exact.claims.certificates import CertificateClaim
from klimit.plot.claims.certificates import certificate_claim_figure
from klimit.report.blocks import Grid, Note
from klimit.report.claims.chapter import Chapter, number

__all__ = ["certificate_chapter"]

_STATEMENT = (
    "For every policy, whatever made it, the divergence from the optimum of the same KL is β "
    "times the reward that it lacks. So its KL and its mean reward, two numbers, tell how far "
    "it is, and a method whose trade-off is close to the frontier is close to the optimum."
)
_TWINS = (
    "Policies of the same two numbers can be far from each other and are equally far from the "
    "optimum: the stars are such pairs. Compared with the optimum of the same reward, the "
    "divergence is what the policy spends beyond the cheapest way to its reward."
)


def certificate_chapter(claims: Sequence[CertificateClaim]) -> Chapter:
    """Show certificates beside true divergences.

    Args:
        claims: The claim in one setting or more.

    Returns:
        The chapter.
    """
    return Chapter(
        number=2,
        name="certificate",
        title="KL and reward of a policy tell its distance from the optimum",
        statement=(_STATEMENT, _TWINS),
        caption=(
            "Above, policies of three budgets below the frontier. Below, the certificate from "
            "their two numbers against the true divergence from all their probabilities: every "
            "point lies on the diagonal."
        ),
        draw=lambda width: certificate_claim_figure(claims, width=width),
        grids=tuple(_grid(claim) for claim in claims),
        notes=tuple(_verdict(claim) for claim in claims),
        results=claims,
    )


def _grid(claim: CertificateClaim) -> Grid:
    return Grid(
        f"Pairs of policies of one KL and one reward, {claim.setting.name}",
        (
            "KL, nats",
            "reward lacking",
            "certificate, nats",
            "true, one",
            "true, the other",
            "TV between them",
        ),
        tuple(
            (
                number(twin.kl),
                number(twin.shortfall),
                number(twin.certificate, 6),
                number(twin.divergence, 6),
                number(twin.other_divergence, 6),
                number(twin.total_variation, 3),
            )
            for twin in claim.twins
        ),
    )


def _verdict(claim: CertificateClaim) -> Note:
    least, most = (
        number(float(x), 2) for x in (claim.divergence.min(), claim.divergence.max())
    )
    return Note(
        "good" if claim.largest_error < 1e-7 * (1 + claim.divergence.max()) else "bad",
        f"{claim.setting.name}: {claim.divergence.size} policies at {least} to {most} nats "
        "from the optimum; certificate and truth differ by at most "
        f"{number(claim.largest_error, 1)} nats.",
    )
