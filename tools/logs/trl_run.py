"""Write what TRL logs in a short GRPO and RLOO run of a tiny model made here.

Run in an environment of its own: pip install torch==2.13.0 trl==1.16.0, then
python tools/logs/trl_run.py tests/data/logs/files

The model is a random llama of two layers over 64 characters; two rewards, one of which is
sometimes missing. Written: completions of a GRPO step (trl_completions.parquet); the states of
a GRPO run, of one in four batches a step, of one with the default beta = 0 and of an RLOO run
(trl_*_state.json); and for each batch of these the means over responses of the summed terms, of
the same models on the same tokens (trl_sums.json), which TRL does not log. Beside these, 100
draws a prompt of two trained policies, one of them trained slowly, that both models scored
(trl_scored.parquet).
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
import torch
from datasets import Dataset
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

LETTERS = [" ", *"abcdefghijklmnopqrstuvwxyz", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *".,?!+=0123"]
PARTS = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 4}
PROMPTS = ["hello", "what is it?", "2 + 1 =", "good day"]


def tokenizer() -> PreTrainedTokenizerFast:
    words = {"<pad>": 0, "<eos>": 1} | {c: i + 2 for i, c in enumerate(LETTERS)}
    raw = Tokenizer(models.WordLevel(words, unk_token=" "))
    raw.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    raw.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>", padding_side="left"
    )


def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(LETTERS) + 2,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=1,
        initializer_range=0.3,
    )
    return LlamaForCausalLM(config)


def vowels(completions, **_):
    return [sum(c in "aeiou" for c in text) / 8 for text in completions]


def brevity(completions, **_):
    return [None if not text else 1 / (1 + len(text)) for text in completions]


def summing(kind):
    """A trainer that also keeps, for each batch, the summed terms of every response."""

    class Summing(kind):
        def _compute_loss(self, model, inputs):
            ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
            seen = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
            mask = inputs["completion_mask"].double()
            count = inputs["completion_ids"].size(1)
            with torch.no_grad():
                policy, reference = (
                    next_tokens(scorer, ids, seen, count) for scorer in (model, self.ref_model)
                )
            exact = (policy.exp() * (policy - reference)).sum(-1)
            tokens = inputs["completion_ids"].unsqueeze(-1)
            ratio = (policy - reference).gather(-1, tokens).squeeze(-1)
            k3 = torch.exp(-ratio) - 1 + ratio
            sums = {
                name: (term * mask).sum(-1).mean().item()
                for name, term in {"k1": ratio, "k3": k3, "exact": exact}.items()
            }
            self.kept.append({"step": self.state.global_step + 1} | sums)
            return super()._compute_loss(model, inputs)

    return Summing


def next_tokens(model, ids, mask, count):
    """Log-probabilities of the last ``count`` tokens' distributions."""
    logits = model(ids, attention_mask=mask).logits[:, -count - 1 : -1]
    return logits.double().log_softmax(-1)


@torch.no_grad()
def scored(policy, reference, words, name: str, longest: int) -> pd.DataFrame:
    """Draws of a trained policy with the log-probabilities of both models."""
    tables = []
    policy.eval()
    for prompt in PROMPTS:
        head = words([prompt] * 100, return_tensors="pt")["input_ids"]
        drawn = policy.generate(
            head, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=longest
        )
        tail = drawn[:, head.size(1) :]
        mask = (tail == 1).cumsum(1) - (tail == 1).long() == 0
        seen = torch.cat([torch.ones_like(head), mask.long()], dim=1)
        ours, theirs = (next_tokens(m, drawn, seen, tail.size(1)) for m in (policy, reference))
        sums = {
            "log_prob_policy": ours.gather(-1, tail[..., None]).squeeze(-1),
            "log_prob_reference": theirs.gather(-1, tail[..., None]).squeeze(-1),
            "kl_exact": (ours.exp() * (ours - theirs)).sum(-1),
        }
        columns = {key: (value * mask).sum(1).numpy() for key, value in sums.items()}
        columns |= {"tokens": mask.sum(1).numpy(), "finished": (tail == 1).any(1).numpy()}
        tables.append(pd.DataFrame({"policy": name, "prompt": prompt, **columns}))
    return pd.concat(tables)


def train(kind, config, start, folder, **options):
    arguments = config(
        output_dir=str(folder),
        **{"per_device_train_batch_size": 16, "learning_rate": 3e-3} | options,
        num_generations=8,
        max_completion_length=24,
        logging_steps=1,
        max_steps=4,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        seed=1,
        log_completions=True,
        disable_tqdm=True,
    )
    trainer = (summing(kind) if arguments.beta else kind)(
        model=str(start),
        reward_funcs=[vowels, brevity],
        args=arguments,
        train_dataset=Dataset.from_dict({"prompt": PROMPTS * 8}),
    )
    trainer.kept = []
    trainer.train()
    trainer.save_state()
    return trainer


def keep(folder: Path, name: str, target: Path) -> None:
    state = json.loads((folder / "trainer_state.json").read_text())
    (target / f"{name}_state.json").write_text(json.dumps(state, indent=1) + "\n")


def main() -> None:
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = folder / "start"
        model().save_pretrained(start)
        tokenizer().save_pretrained(start)
        runs = {
            "grpo": (GRPOTrainer, GRPOConfig, {"beta": 0.04}),
            "grpo_slow": (GRPOTrainer, GRPOConfig, {"beta": 0.04, "learning_rate": 3.2e-4}),
            "grpo_parts": (GRPOTrainer, GRPOConfig, {"beta": 0.04, **PARTS}),
            "grpo_beta0": (GRPOTrainer, GRPOConfig, {}),
            "rloo": (RLOOTrainer, RLOOConfig, {"beta": 0.05}),
        }
        sums, tables = {}, []
        for run, (kind, config, options) in runs.items():
            trainer = train(kind, config, start, folder / run, **options)
            sums[run] = trainer.kept
            if run != "grpo_slow":
                keep(folder / run, f"trl_{run}", target)
            if run in ("grpo", "grpo_slow"):
                words, models = tokenizer(), (trainer.model, trainer.ref_model)
                longest = 24 if run == "grpo" else 48  # enough for both to have some nats
                tables.append(scored(*models, words, name=run, longest=longest))
        pd.concat(tables).to_parquet(target / "trl_scored.parquet", index=False)
        text = json.dumps({run: rows for run, rows in sums.items() if rows}, indent=1)
        (target / "trl_sums.json").write_text(text + "\n")
        (written,) = (folder / "grpo" / "completions").glob("*_00003.parquet")
        shutil.copyfile(written, target / "trl_completions.parquet")


if __name__ == "__main__":
    main()
