import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimit.core.errors import InputError
from klimit.core.rng import MOST_DRAWS, MOST_PROMPTS, draw_seed

prompts = st.integers(0, MOST_PROMPTS - 1)
draws = st.integers(0, MOST_DRAWS - 1)


@given(st.integers(0, 2**128), prompts, draws, prompts, draws)
def test_no_two_draws_of_a_run_share_a_seed(
    root: int, prompt: int, draw: int, other_prompt: int, other_draw: int
) -> None:
    same = draw_seed(root, prompt=prompt, draw=draw) == draw_seed(
        root, prompt=other_prompt, draw=other_draw
    )
    assert same == ((prompt, draw) == (other_prompt, other_draw))


@given(st.integers(0, 2**128), prompts, draws)
def test_a_seed_fits_every_engine(root: int, prompt: int, draw: int) -> None:
    assert 0 <= draw_seed(root, prompt=prompt, draw=draw) < 2**31


def test_the_root_moves_all_seeds() -> None:
    assert len({draw_seed(root, prompt=0, draw=0) for root in range(1000)}) == 1000


def test_a_run_larger_than_there_are_seeds_is_refused() -> None:
    with pytest.raises(InputError, match="at most 16,384 prompts of 65,536 draws"):
        draw_seed(0, prompt=MOST_PROMPTS, draw=0)
    with pytest.raises(InputError, match="a seed must be at least 0, got -1"):
        draw_seed(-1, prompt=0, draw=0)
