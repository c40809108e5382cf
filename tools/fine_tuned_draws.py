"""Fine-tune SmolLM2-135M-Instruct towards sentiment and draw from two of its checkpoints.

Makes `examples/smollm2_tuned.parquet`: a policy whose divergence from the reference is known
both ways, from summed log-probabilities and from the full next-token distributions. Tuning is
supervised, on the quarter of `examples/smollm2_draws.parquet` of highest sentiment for each
prompt. Both models are scored by one engine on the token ids that were drawn, end token
included. Needs what klimit does not:

    pip install torch==2.13.0 transformers accelerate gguf polars vaderSentiment

    python tools/fine_tuned_draws.py SmolLM2-135M-Instruct.Q4_1.gguf examples
"""

import copy
import sys
from pathlib import Path

import polars as pl
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

MAX_TOKENS, DRAWS, SEED, END = 40, 24, 0, 2
STEPS, BATCH, RATE = (4, 20), 8, 5e-5


def main(gguf: Path, folder: Path) -> None:
    torch.manual_seed(SEED)  # noqa: TID251  (transformers draws from the global generator)
    names = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(**names)
    reference = AutoModelForCausalLM.from_pretrained(**names, dtype=torch.float32)
    reference.requires_grad_(requires_grad=False).eval()
    policy = copy.deepcopy(reference).requires_grad_(requires_grad=True)
    draws = pl.read_parquet(folder / "smollm2_draws.parquet")
    prompts = draws["prompt"].unique(maintain_order=True).to_list()
    best = draws.filter(
        pl.col("sentiment").rank(descending=True).over("prompt") <= 64,
    )
    optimizer = torch.optim.AdamW(policy.parameters(), lr=RATE)
    rows: list[dict[str, object]] = []
    shuffled = best.sample(fraction=1.0, shuffle=True, seed=SEED).to_dicts()
    for step in range(1, STEPS[-1] + 1):
        start = (step - 1) * BATCH % (len(shuffled) - BATCH)
        loss = fit(policy, tokenizer, shuffled[start : start + BATCH])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        print(f"step {step}: loss {loss.item():.3f}", flush=True)
        if step in STEPS:
            policy.eval()
            for index, prompt in enumerate(prompts):
                rows += draw(policy, reference, tokenizer, prompt, f"step_{step}", index)
                print(f"step {step}: prompt {index} drawn", flush=True)
            policy.train()
    pl.DataFrame(rows).write_parquet(folder / "smollm2_tuned.parquet", compression="zstd")


def ids_of(tokenizer, prompt: str) -> list[int]:
    message = [{"role": "user", "content": prompt}]
    text = tokenizer.apply_chat_template(message, add_generation_prompt=True, tokenize=False)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def fit(policy, tokenizer, batch: list[dict[str, object]]) -> torch.Tensor:
    """Mean negative log-probability of the responses' tokens."""
    heads = [ids_of(tokenizer, str(row["prompt"])) for row in batch]
    tails = [
        tokenizer(str(row["response"]), add_special_tokens=False)["input_ids"]
        + [END] * bool(row["finished"])
        for row in batch
    ]
    width = max(len(head) + len(tail) for head, tail in zip(heads, tails, strict=True))
    ids = torch.full((len(batch), width), END)
    labels = torch.full((len(batch), width), -100)
    mask = torch.zeros((len(batch), width), dtype=torch.long)
    for i, (head, tail) in enumerate(zip(heads, tails, strict=True)):
        ids[i, : len(head) + len(tail)] = torch.tensor(head + tail)
        labels[i, len(head) : len(head) + len(tail)] = torch.tensor(tail)
        mask[i, : len(head) + len(tail)] = 1
    return policy(input_ids=ids, attention_mask=mask, labels=labels).loss


@torch.no_grad()
def draw(  # noqa: PLR0913, PLR0917
    policy, reference, tokenizer, prompt: str, name: str, index: int
) -> list[dict]:
    head = torch.tensor([ids_of(tokenizer, prompt)])
    ids = policy.generate(
        head,
        attention_mask=torch.ones_like(head),
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        max_new_tokens=MAX_TOKENS,
        num_return_sequences=DRAWS,
        eos_token_id=END,
        pad_token_id=END,
    )
    tail = ids[:, head.shape[1] :]
    before = torch.cumsum(tail == END, dim=1) - (tail == END).long()
    drawn = before == 0  # up to the first end token, which counts
    ours, theirs = (log_probs(model, ids, head.shape[1]) for model in (policy, reference))
    pick = tail.unsqueeze(-1)
    sums = [(x.gather(-1, pick).squeeze(-1) * drawn).sum(1).double() for x in (ours, theirs)]
    exact = ((ours.exp() * (ours - theirs)).sum(-1) * drawn).sum(1).double()
    analyzer = SentimentIntensityAnalyzer()
    rows = []
    for i in range(DRAWS):
        text = tokenizer.decode(tail[i][drawn[i]], skip_special_tokens=True)
        rows.append(
            {
                "policy": name,
                "prompt_id": index,
                "prompt": prompt,
                "draw": i,
                "response": text,
                "tokens": int(drawn[i].sum()),
                "finished": bool((tail[i][drawn[i]] == END).any()),
                "log_prob_policy": float(sums[0][i]),
                "log_prob_reference": float(sums[1][i]),
                "kl_exact": float(exact[i]),
                "sentiment": float(analyzer.polarity_scores(text)["compound"]),
                "length": len(text),
            }
        )
    return rows


def log_probs(model, ids: torch.Tensor, start: int) -> torch.Tensor:
    """Next-token log-probabilities at the response's positions, ``(draws, tokens, v)``."""
    hidden = model.model(input_ids=ids).last_hidden_state[:, start - 1 : -1]
    return torch.log_softmax(model.lm_head(hidden), dim=-1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
