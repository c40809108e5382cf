"""Write generations and their scores (openrlhf/*) as OpenRLHF's own ``batch_inference`` does.

Run in an environment of its own, no GPU needed, with the model file and the draws of
smollm2_draws.parquet:
pip install --no-deps openrlhf==0.6.4, and torch==2.13.0 transformers datasets jsonlines peft
gguf, then
python tools/logs/openrlhf_generations.py SmolLM2-135M-Instruct.Q4_1.gguf \
    smollm2_draws.parquet tests/data/logs/files/openrlhf

0.6.4 is the last version whose ``--eval_task rm`` runs: from 0.7.0 on its data set returns
three things where four are unpacked, and since March 2026 there is no ``batch_inference``. The
responses and their rewards were had beforehand; stand-ins hand them out in place of vLLM and of
the reward model, and one process stands for DeepSpeed's. Prompts, templates, order and files
are OpenRLHF's: generated.jsonl of ``generate_vllm``, scored.jsonl of ``rm``, iter_dpo.jsonl of
``rm --post_processor iter_dpo``.
"""

import importlib
import json
import sys
import tempfile
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pandas as pd
import torch
from torch.utils.data import DataLoader, RandomSampler
from transformers import AutoTokenizer

PROMPTS = [
    "How do I make a cup of tea?",
    "Describe the taste of coffee.",
    "Tell me a fact about cats.",
]
EACH = 4


def absent(*names: str) -> None:
    for name in names:
        module = MagicMock(__name__=name)
        module.__spec__, module.__path__, module.__version__ = ModuleSpec(name, None), [], "0"
        sys.modules[name] = module


class Strategy:
    """One process."""

    def __init__(self, args) -> None:
        self.args = args

    def setup_distributed(self, timeout):
        return None

    def prepare(self, model):
        return model

    def is_rank_0(self):
        return True

    def get_rank(self):
        return 0

    def print(self, *told):
        print(*told)

    def setup_dataloader(self, data, size, *_, **__):
        order = torch.Generator().manual_seed(0)
        sampler = RandomSampler(data, generator=order)
        return DataLoader(data, size, sampler=sampler, collate_fn=data.collate_fn)


class Writer:
    """Answers from the table, in vLLM's place."""

    def __init__(self, table: pd.DataFrame, words) -> None:
        self.table = table
        self.end = words.eos_token

    def generate(self, prompts, params):
        turns: dict[str, int] = {}
        made = []
        for prompt in prompts:
            asked = next(asked for asked in PROMPTS if asked in prompt)
            turn = turns[asked] = turns.get(asked, -1) + 1
            row = self.table[self.table["prompt"] == asked].iloc[turn]
            text = row["response"] + (self.end if row["finished"] else "")
            made.append(SimpleNamespace(prompt=prompt, outputs=[SimpleNamespace(text=text)]))
        return made


class Judge:
    """Sentiments from the table, in the reward model's place."""

    def __init__(self, table: pd.DataFrame, words) -> None:
        self.words = words
        pairs = zip(table["response"], table["sentiment"], strict=True)
        self.known = {text.strip(): reward for text, reward in pairs}

    def eval(self):
        return self

    def __call__(self, ids, mask):
        texts = self.words.batch_decode(ids, skip_special_tokens=True)
        answers = [text.partition("assistant\n")[2].strip() for text in texts]
        return torch.tensor([self.known[text] for text in answers], dtype=torch.float32)


def main() -> None:
    model, table, target = sys.argv[1], pd.read_parquet(sys.argv[2]), Path(sys.argv[3])
    table = table[table["prompt"].isin(PROMPTS)].copy()
    table["plain"] = table["response"].str.isascii()  # letters beyond ASCII first
    table = table.sort_values(["plain", "draw"]).groupby("prompt").head(EACH)
    words = AutoTokenizer.from_pretrained(Path(model).parent, gguf_file=Path(model).name)
    words.eos_token = "<|im_end|>"  # the file's metadata names another
    absent("deepspeed", "flash_attn", "flash_attn.utils", "flash_attn.utils.distributed")
    absent("flash_attn.bert_padding", "ring_flash_attn", "ray", "vllm")
    task = importlib.import_module("openrlhf.cli.batch_inference")
    sys.modules["vllm"].LLM = lambda **_: Writer(table, words)
    task.AutoTokenizer = SimpleNamespace(from_pretrained=lambda *_, **__: words)
    task.get_tokenizer = lambda *_, **__: words
    task.get_strategy = Strategy
    task.get_llm_for_sequence_regression = lambda *_, **__: Judge(table, words)
    task.dist = SimpleNamespace(barrier=lambda: None, get_world_size=lambda: 1)
    torch.cuda.current_device = lambda: "cpu"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        questions = Path(name) / "questions.jsonl"
        questions.write_text("".join(json.dumps({"input": asked}) + "\n" for asked in PROMPTS))
        generated = Path(name) / "generated.jsonl"
        task.batch_generate_vllm(options(questions, generated, apply_chat_template=True))
        for processor in (None, "iter_dpo"):
            scored = Path(name) / f"{processor or 'scored'}.jsonl"
            told = options(generated, scored, output_key="output", post_processor=processor)
            task.batch_rm_inference(told)
        for written in set(Path(name).glob("*.jsonl")) - {questions}:
            (target / written.name).write_bytes(written.read_bytes())


class Options(SimpleNamespace):
    def __contains__(self, name: str) -> bool:
        return name in vars(self)


def options(data: Path, target: Path, **changes: object) -> Options:
    plain = {
        "dataset": str(data),
        "output_path": str(target),
        "dataset_probs": "1.0",
        "dataset_split": "train",
        "max_samples": 1000,
        "seed": 1234,
        "input_key": "input",
        "best_of_n": EACH,
        "micro_batch_size": 4,
        "max_len": 2048,
        "top_p": 1.0,
        "temperature": 1.0,
        "repetition_penalty": 1.0,
        "max_new_tokens": 40,
        "prompt_max_len": 1024,
        "max_num_seqs": 256,
        "tp_size": 1,
    }
    nothing = [
        "pretrain", "iter", "input_template", "enable_csft", "flash_attn", "bf16",
        "value_head_prefix", "disable_fast_tokenizer", "enable_prefix_caching",
        "post_processor", "normalize_reward", "reward_template", "attn_implementation",
        "param_dtype",
    ]  # fmt: skip
    return Options(**dict.fromkeys(nothing) | plain | changes)


if __name__ == "__main__":
    main()
