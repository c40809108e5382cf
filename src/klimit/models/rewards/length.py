"""Length of the response: the classic hidden bias of rewards."""

from collections.abc import Sequence

__all__ = ["characters"]


def characters(prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
    """The length of each response.

    Args:
        prompts: The prompts; not looked at.
        responses: The responses, as many.

    Returns:
        Numbers of Unicode characters.

    Example:
        >>> characters(["Hello?"], ["Hi."])
        [3.0]
    """
    del prompts
    return [float(len(response)) for response in responses]
