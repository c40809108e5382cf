"""Sentiment of the response, by the rules of VADER."""

from collections.abc import Sequence

from klimit.core.extras import optional

__all__ = ["sentiment"]


def sentiment(prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
    """The compound sentiment of each response.

    Rules and a lexicon, no model: fast, blind to the prompt, exactly 0 for a response without a
    word of feeling (real ties), and flat near its ends.

    Args:
        prompts: The prompts; not looked at.
        responses: The responses, as many.

    Returns:
        Numbers from -1 (most negative) to 1 (most positive).

    Raises:
        MissingExtraError: vaderSentiment is not installed.

    Example:
        >>> sentiment(["How was it?"] * 2, ["I love it!", "The door is open."])
        [0.6696, 0.0]

    References:
        Hutto and Gilbert, "VADER", ICWSM 2014.
    """
    del prompts
    vader = optional("vaderSentiment.vaderSentiment", feature="the reward vader", extra="demo")
    analyzer = vader.SentimentIntensityAnalyzer()
    return [float(analyzer.polarity_scores(response)["compound"]) for response in responses]
