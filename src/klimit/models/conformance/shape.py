"""Laws on what comes back: how many, how long, and how a model speaks of itself."""

from dataclasses import replace

from klimit.core.errors import BackendError, ConformanceError
from klimit.models.conformance.probe import Probe, require
from klimit.models.protocols import LanguageModel

__all__ = ["check_counts", "check_description", "check_lengths", "check_refusal"]


def check_counts(model: LanguageModel, probe: Probe) -> None:
    """As many completions come as were asked for.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: More or fewer came.
    """
    for n in sorted({1, 2, 3, probe.n}):
        came = len(model.complete(probe.request(0, n=n)))
        require(came == n, f"a request for {n} draws must bring {n}, brought {came}")


def check_description(model: LanguageModel, probe: Probe) -> None:
    """Name, facts and conditions are short lines of text, once there are draws.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: One of them is empty, has several lines, or is no text.
    """
    model.complete(probe.request(0, n=1))
    told = {"name": model.name, **model.facts, **model.conditions}
    for key, value in told.items():
        require(
            isinstance(value, str) and bool(value) and value.isprintable(),
            f"{key} must be a line of text, is {value!r}",
        )
    require(bool(model.facts), "facts must say what it takes to find the model again, is empty")


def check_lengths(model: LanguageModel, probe: Probe) -> None:
    """No response has more than ``max_tokens`` tokens, and one cut off has exactly as many.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: A response is too long, has no token, or says wrongly that it was cut
            off.
    """
    for most in sorted({1, 2, probe.max_tokens}):
        for drawn in model.complete(replace(probe.request(0), max_tokens=most)):
            if drawn.tokens is None:
                continue
            require(
                1 <= drawn.tokens <= most,
                f"a response of at most {most} tokens must have 1 to {most}, the end token "
                f"counted, has {drawn.tokens}: {drawn.text!r}",
            )
            require(
                drawn.finished or drawn.tokens == most,
                f"a response of {drawn.tokens} of {most} tokens was not cut off, so finished "
                f"must be true: {drawn.text!r}",
            )


def check_refusal(model: LanguageModel, probe: Probe) -> None:
    """A prompt beyond the context is refused in one line, and the model goes on.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: It is answered, ends in another error or in several lines, or the
            model answers nothing afterwards.
    """
    try:
        model.complete(replace(probe.request(0, n=1), prompt=probe.long_prompt))
    except BackendError as error:
        line = str(error)
        require(bool(line) and line.isprintable(), f"a refusal must be one line, is {line!r}")
        require(len(line) <= 1000, f"a refusal must be short, has {len(line):,} characters")
    except Exception as error:
        raise ConformanceError(
            f"a prompt beyond the context must be a BackendError, was {error!r}"
        ) from error
    else:
        raise ConformanceError(
            f"a prompt of {len(probe.long_prompt):,} characters must be refused, was answered"
        )
    check_counts(model, probe)
