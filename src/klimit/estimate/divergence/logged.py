r"""The divergence of whole responses behind the "kl" that a trainer logs.

Trainers log an average of token terms over a batch of responses of lengths :math:`\ell_i`,
whose sums :math:`S_i` estimate the divergence of the response. Three averages are in use: over
all tokens, :math:`\sum S_i / \sum \ell_i`; over responses of their token means; over responses
of their sums. The terms are, with the log ratio :math:`l` of policy to reference,
:math:`k_1 = l`, :math:`k_2 = l^2 / 2` and :math:`k_3 = e^{-l} - 1 + l`.
"""

from dataclasses import dataclass
from math import e, inf, isfinite, sqrt
from typing import Literal

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Result

__all__ = ["Average", "LoggedKl", "Term", "convert_logged_kl"]

Term = Literal["k1", "k2", "k3"]
Average = Literal["token", "sequence", "sum"]

SAME = 1e-6  # relative difference of two lengths that are one, in the float32 of a trainer


@dataclass(frozen=True, slots=True)
class LoggedKl(Result):
    """What a logged number says about the divergence of a batch, per response in nats.

    Nothing here measures noise: a log does not tell how far the batch is from the policy.

    Attributes:
        logged: The number in the log.
        kl: The divergence, exact if ``low == high``, else as if the average per token did not
            depend on the length.
        low: Least divergence that the number and the lengths allow.
        high: Largest; ``inf`` where the longest response is not known.
        how: How it was converted, and what keeps it from being exact.
    """

    logged: float
    kl: float
    low: float
    high: float
    how: str

    @property
    def exact(self) -> bool:
        """Whether the conversion leaves no doubt."""
        return self.low == self.high


def convert_logged_kl(  # noqa: PLR0913  (that many things decide)
    logged: float,
    *,
    term: Term,
    average: Average,
    mean_length: float | None = None,
    shortest: float = 1.0,
    longest: float = inf,
    parts: int | None = None,
) -> LoggedKl:
    r"""Convert the "kl" of a log to nats a response.

    A mean over the tokens of one batch times the mean length of its responses is the mean of
    the summed terms, exactly. Where numbers with a length of their own were averaged (the token
    means of responses, or of several batches), :math:`v = \frac1U \sum_u r_u`, the wanted
    :math:`\frac1U \sum_u r_u \ell_u` is only known to lie within bounds. With
    :math:`a \le \ell_u \le b`:

    * :math:`k_3`, whose terms are not negative: :math:`[a v, b v]`;
    * :math:`k_1`: in expectation,
      :math:`[a v - (1 - a/b)/e,\; b v + (b/a - 1)/e]`. Responses of some lengths may be
      likelier under the reference; by the log-sum inequality all such together weigh at
      most :math:`1/e` nats;
    * :math:`k_2` bounds the log ratio by Cauchy and Schwarz,
      :math:`[0, \sqrt{2 v \,\overline{\ell^2}}]`, whatever the average.

    Args:
        logged: The number in the log.
        term: The term that was averaged. The expectation of ``k1`` and ``k3`` is the
            divergence if the draws are the policy's own, untruncated; that of ``k2`` is not.
        average: ``"token"``: over all tokens of a batch; ``"sequence"``: over responses of
            their token means; ``"sum"``: over responses of their sums.
        mean_length: Mean length of the responses in tokens, of the same batch.
        shortest: Length of its shortest response.
        longest: Length of its longest.
        parts: How many batches (``"token"``) or responses (``"sequence"``) the number averages,
            each alike; ``None`` if unknown.

    Returns:
        The divergence and its bounds.

    Raises:
        InputError: The number or a length cannot be; ``k2`` and ``k3`` are never negative.
        InsufficientDataError: A number per token, without a mean length.

    Example:
        >>> convert_logged_kl(0.085, term="k3", average="token", mean_length=40, parts=1).kl
        3.4000000000000004
        >>> found = convert_logged_kl(
        ...     0.1, term="k3", average="sequence", mean_length=40, shortest=10, longest=64
        ... )
        >>> found.low, found.kl, found.high
        (1.0, 4.0, 6.4)
    """
    logged = float(logged)
    _check(logged, term)
    if average == "sum":
        return _of_sums(logged, term, float(longest))
    if mean_length is None:
        raise InsufficientDataError(
            "the logged kl is a mean per token, and needs the mean length of the responses, "
            "which is not in the log; give it with mean_length= (--mean-length)"
        )
    a, b = _range(float(mean_length), float(shortest), float(longest), parts)
    return _of_means(logged, term, average, float(mean_length), (a, b))


def _check(logged: float, term: Term) -> None:
    if not isfinite(logged):
        raise InputError(f"a logged kl must be finite, got {logged}; leave the step out")
    if logged < 0 and term != "k1":
        raise InputError(
            f"a mean of {term} is never negative, got {logged:g}; if the trainer logs the "
            "plain log ratio, say so with term='k1' (--term k1)"
        )


def _range(
    mean: float, shortest: float, longest: float, parts: int | None
) -> tuple[float, float]:
    """The least and the largest length of a part."""
    if not (isfinite(mean) and mean > 0):
        raise InputError(f"a mean length must be positive, got {mean:g}")
    if not 0 < shortest <= mean * (1 + SAME) or not mean * (1 - SAME) <= longest:
        raise InputError(
            f"lengths need 0 < shortest <= mean <= longest, got {shortest:g}, {mean:g}, "
            f"{longest:g}"
        )
    if parts is not None and parts < 1:
        raise InputError(f"a number averages at least 1 part, got {parts}")
    if parts == 1 or longest - shortest <= SAME * mean:
        return mean, mean
    if parts is None:
        return min(shortest, mean), max(longest, mean)
    others = parts - 1  # all of them as long, or as short, as can be
    return (
        max(min(shortest, mean), parts * mean - others * longest),
        min(max(longest, mean), parts * mean - others * shortest),
    )


def _of_sums(logged: float, term: Term, longest: float) -> LoggedKl:
    if term != "k2":
        return LoggedKl(logged, logged, logged, logged, "a mean of sums: nats a response")
    high = sqrt(2 * longest * logged) if logged else 0.0
    return LoggedKl(logged, min(logged, high), 0.0, high, _SECOND_ORDER)


_SECOND_ORDER = "half the squared log ratio: the KL to second order, bounded by Cauchy-Schwarz"


def _of_means(
    v: float, term: Term, average: Average, mean: float, ends: tuple[float, float]
) -> LoggedKl:
    kl = v * mean
    a, b = ends
    if term == "k2":
        high = sqrt(2 * v * (mean * b)) if v else 0.0  # the mean square of lengths is <= mean b
        return LoggedKl(v, min(kl, high), 0.0, high, _SECOND_ORDER)
    what = "token mean" if average == "token" else "mean of token means"
    if a == b:
        return LoggedKl(v, kl, kl, kl, f"{what} times mean length")
    parts = "batches" if average == "token" else "responses"
    how = f"{what} times mean length; bounds from {parts} of {a:g} to {b:g} tokens"
    if term == "k3":
        return LoggedKl(v, kl, a * v, b * v if v else 0.0, how)
    low = max(0.0, a * v - (1 - a / b) / e)
    high = b * v + (b / a - 1) / e if isfinite(b) else inf
    return LoggedKl(v, kl, min(low, kl), max(high, kl), how)
