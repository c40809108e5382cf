"""Laws on seeds: fresh draws are fresh, and equal seeds equal where that is promised."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from math import isnan, log

from klimit.models.conformance.probe import Probe, require
from klimit.models.protocols import Completion, LanguageModel

__all__ = [
    "check_any_batching",
    "check_any_thread",
    "check_fresh_draws",
    "check_repeatable",
    "check_seeds_differ",
]


def check_seeds_differ(model: LanguageModel, probe: Probe) -> None:
    """Draws of one request differ, and so do requests of different seeds.

    Args:
        model: The model; at the first prompt it must have more to say than one response.
        probe: What to ask.

    Raises:
        ConformanceError: All draws of a request are equal, or two requests are.
    """
    request = probe.request(0, n=max(probe.n, 8))
    first = model.complete(request)
    require(
        len({drawn.text for drawn in first}) > 1,
        f"{request.n} draws of one request must not all be equal, are {first[0].text!r}",
    )
    other = model.complete(replace(request, seed=request.seed + request.n))
    require(
        [drawn.text for drawn in first] != [drawn.text for drawn in other],
        f"seeds {request.seed} and {request.seed + request.n} must give different draws, gave "
        f"the same {request.n}",
    )


def check_fresh_draws(model: LanguageModel, probe: Probe) -> None:
    """No draw of a run is another one over again: no two share a seed.

    Two draws of a response as improbable as ``level / pairs`` come by chance with a probability
    of at most ``level``, whatever the model; two such mean that a seed was used twice. Models
    of few and probable responses pass unseen, as do those that give no log-probabilities.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: A response too improbable to come twice came twice.
    """
    for prompt in range(len(probe.prompts)):
        drawn = probe.many(model, prompt)
        rare = log(probe.level / len(probe.prompts)) - log(len(drawn) * (len(drawn) - 1) / 2)
        texts = sorted(d.text for d in drawn if d.log_prob <= rare)
        for first, second in pairwise(texts):
            require(
                first != second,
                f"draws must be independent: a response of a log-probability below {rare:.1f} "
                f"came twice in {len(drawn)} draws, two of them share a seed: {first!r}",
            )


def check_repeatable(model: LanguageModel, probe: Probe) -> None:
    """The same request gives the same draws.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: A draw differs.
    """
    for prompt in range(len(probe.prompts)):
        request = probe.request(prompt)
        first, second = model.complete(request), model.complete(request)
        _same(first, second, probe, "the same request asked again")


def check_any_batching(model: LanguageModel, probe: Probe) -> None:
    """Draw ``i`` depends on ``seed + i`` and on no other draw of its request.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: A draw asked for alone differs from the same in a request of many.
    """
    together = model.complete(probe.request(0))
    alone = [model.complete(probe.request(0, first=i, n=1))[0] for i in range(probe.n)]
    _same(together, alone, probe, "asked for one by one")


def check_any_thread(model: LanguageModel, probe: Probe) -> None:
    """Several threads that ask at once get what each would have got alone.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: A draw differs.
    """
    requests = [
        probe.request(prompt, first=probe.n * k)
        for k in range(4)
        for prompt in range(len(probe.prompts))
    ]
    alone = [model.complete(request) for request in requests]
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(model.complete, requests))
    for first, second in zip(alone, at_once, strict=True):
        _same(first, second, probe, "asked for by several threads at once")


def _same(first: list[Completion], second: list[Completion], probe: Probe, when: str) -> None:
    for index, (a, b) in enumerate(zip(first, second, strict=True)):
        require(
            (a.text, a.tokens, a.finished) == (b.text, b.tokens, b.finished),
            f"draw {index} must be the same {when}: {a.text!r}, then {b.text!r}",
        )
        require(
            (isnan(a.log_prob) and isnan(b.log_prob))
            or abs(a.log_prob - b.log_prob) <= probe.tolerance,
            f"the log-probability of draw {index} must be the same {when}: {a.log_prob}, then "
            f"{b.log_prob}",
        )
