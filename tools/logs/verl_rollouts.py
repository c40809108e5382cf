"""Write rollouts and validations (verl/*) as verl's own trainers dump them.

Run in an environment of its own, no GPU needed, with the model file and the draws of
smollm2_draws.parquet:
pip install verl==0.9.1 torch==2.13.0 TransferQueue cachetools uvicorn fastapi gguf, then
python tools/logs/verl_rollouts.py SmolLM2-135M-Instruct.Q4_1.gguf smollm2_draws.parquet \
    tests/data/logs/files/verl

The responses were drawn beforehand; everything from their tokens on is verl's: DAPO's reward
manager with its overlong penalty, ``PPOTrainer._log_rollout_data`` (rollouts/1 and 2, and
sessions/1, where an agent has several outputs a session) and ``_validate`` (validation/0), and
the older ``RayPPOTrainer._log_rollout_data`` (legacy/1). In place of the queue between
processes stands a dictionary.
"""

import asyncio
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from omegaconf import OmegaConf
from tensordict import TensorDict
from transformers import AutoTokenizer
from verl import DataProto
from verl.experimental.agent_loop.agent_loop import AgentLoopMetrics, AgentLoopOutput
from verl.experimental.reward_loop.reward_manager.dapo import DAPORewardManager
from verl.trainer.ppo.ray_trainer import RayPPOTrainer
from verl.trainer.ppo.reward import extract_reward
from verl.trainer.ppo.v1 import trainer_base
from verl.trainer.ppo.v1.trainer_base import PPOTrainer
from verl.utils.tensordict_utils import list_of_dict_to_tensordict

SYSTEM = "Answer in one line – naïvely, if you like."
TRUTHS = {
    "How do I make a cup of tea?": "tea",
    "Describe the taste of coffee.": "Kaffee ☕",
    "Tell me a fact about cats.": None,
}
PROMPTS = list(TRUTHS)
EACH, LONGEST = 4, 40
REWARD = {
    "reward": {
        "reward_kwargs": {
            "overlong_buffer_cfg": {
                "enable": True,
                "len": 8,
                "penalty_factor": 0.5,
                "log": True,
            },
            "max_resp_len": LONGEST,
        }
    }
}


def scored(data_source, solution_str, ground_truth, extra_info):
    """A reward function as verl's users write it: a dict, whose score trains."""
    sentiment = extra_info["sentiment"]
    return {"score": sentiment, "acc": sentiment > 0, "pred": solution_str.split()[0]}


class Draws:
    """Responses of the table as agent loops of verl return them."""

    def __init__(self, words, table: pd.DataFrame) -> None:
        self.words = words
        self.table = table
        self.manager = DAPORewardManager(OmegaConf.create(REWARD), words, scored)

    def of(self, step: int) -> list[dict]:
        rows = self.table[self.table["step"] == step].to_dict("records")
        return [row | {"uid": f"uid-{PROMPTS.index(row['prompt'])}"} for row in rows]

    def output(self, row: dict) -> AgentLoopOutput:
        chat = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": row["prompt"]},
        ]
        prompt = self.words.apply_chat_template(chat, add_generation_prompt=True)
        prompt = prompt if isinstance(prompt, list) else prompt["input_ids"]
        response = self.words(row["response"])["input_ids"] + [self.words.eos_token_id]
        response = response[:LONGEST]
        told = self.reward(row, response)
        return AgentLoopOutput(
            prompt_ids=prompt,
            response_ids=response,
            response_mask=[1] * len(response),
            reward_score=told["reward_score"],
            num_turns=2,
            metrics=AgentLoopMetrics(),
            extra_fields={"reward_extra_info": told["reward_extra_info"]},
        )

    def reward(self, row: dict, response: list[int]) -> dict:
        tokens = torch.tensor([response])
        data = DataProto.from_dict(
            tensors={"responses": tokens, "attention_mask": torch.ones_like(tokens)},
            non_tensors={
                "data_source": np.array(["everyday"], dtype=object),
                "reward_model": np.array([self.truth(row)], dtype=object),
                "extra_info": np.array([row], dtype=object),
            },
        )
        return self.manager.loop.run_until_complete(self.manager.run_single(data))

    def truth(self, row: dict) -> dict:
        return {
            "style": "rule",
            "ground_truth": TRUTHS[row["prompt"]],
        }


class Queue:
    """What the trainers use of TransferQueue, in one process."""

    def __init__(self) -> None:
        self.kept = {}

    def kv_batch_put(self, keys, partition_id, fields=None, tags=None):
        self.kept |= dict(zip(keys, fields or [None] * len(keys), strict=True))
        return SimpleNamespace(keys=keys, partition_id=partition_id)

    def kv_batch_get(self, keys, partition_id, select_fields):
        rows = [{name: self.kept[key][name] for name in select_fields} for key in keys]
        return list_of_dict_to_tensordict(rows)

    def kv_clear(self, keys, partition_id):
        for key in keys:
            del self.kept[key]


def queued(draws: Draws, rows: list[dict], partition: str, *, outputs: int = 1):
    """Put outputs into the queue, as verl's agent loop workers do."""
    keys, fields, session = [], [], {}
    for row in rows:
        number = session[row["uid"]] = session.get(row["uid"], -1) + 1
        for index in range(outputs):
            last = index == outputs - 1
            output = draws.output(row).as_dict()
            if (
                not last
            ):  # an agent's earlier turn, of which the session's last output has the rest
                output["responses"] = output["responses"][:5]
                output["rm_scores"] = output["rm_scores"][-5:]
                output["response_mask"] = output["response_mask"][:5]
            elif index:
                output["prompts"] = torch.cat([output["prompts"], output["responses"][:5]])
            keys.append(f"{row['uid']}_{number}_{index}")
            fields.append(
                output
                | {
                    "uid": row["uid"],
                    "reward_model": draws.truth(row),
                    "data_source": "everyday",
                }
            )
    mixed = np.random.default_rng(0).permutation(len(keys))  # workers end in any order
    keys, fields = [keys[i] for i in mixed], [fields[i] for i in mixed]
    return trainer_base.tq.kv_batch_put(keys, partition, fields)


def trainer(kind, words, step: int, **fields):
    made = object.__new__(kind)
    made.tokenizer, made.global_steps = words, step
    made._init_dump_executor()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def rollouts(draws: Draws, folder: Path, step: int, *, outputs: int = 1) -> None:
    made = trainer(Plain, draws.words, step)
    batch = queued(draws, draws.of(step), f"train-{folder.name}-{step}", outputs=outputs)
    made._log_rollout_data(batch, {}, str(folder))
    made._shutdown_dump_executor()


def validation(draws: Draws, folder: Path, step: int) -> None:
    config = OmegaConf.create(
        {
            "trainer": {"validation_data_dir": str(folder), "log_val_generations": 0},
            "actor_rollout_ref": {"rollout": {"val_kwargs": {"n": EACH}}},
        }
    )
    rows = draws.of(step)

    def sample(**_):
        return queued(draws, rows, "val"), {}

    made = trainer(
        Plain,
        draws.words,
        step,
        config=config,
        val_dataloader=[{"raw_prompt": np.array(PROMPTS, dtype=object)}],
        agent_loop_manager=SimpleNamespace(generate_sequences=lambda batch: None),
        replay_buffer=SimpleNamespace(sample=sample),
        reward_loop_manager=SimpleNamespace(reward_loop_worker_handles=[]),
    )
    made._val_metrics_update = lambda *_, **__: {}
    made._validate()
    made._shutdown_dump_executor()


def legacy(draws: Draws, folder: Path, step: int) -> None:
    rows = draws.of(step)
    outputs = [draws.output(row) for row in rows]
    pad = draws.words.pad_token_id

    def padded(lists):
        width = max(map(len, lists))
        return torch.tensor([tokens + [pad] * (width - len(tokens)) for tokens in lists])

    answers = padded([output.response_ids for output in outputs])
    scores = torch.zeros(answers.shape)
    for i, output in enumerate(outputs):
        scores[i, len(output.response_ids) - 1] = output.reward_score
    extra = [output.extra_fields["reward_extra_info"] for output in outputs]
    non_tensors = {name: np.array([one[name] for one in extra]) for name in extra[0]}
    batch = DataProto(
        batch=TensorDict(
            {
                "prompts": padded([output.prompt_ids for output in outputs]),
                "responses": answers,
                "rm_scores": scores,
                "token_level_scores": scores,
            },
            batch_size=len(rows),
        ),
        non_tensor_batch=non_tensors
        | {
            "reward_model": np.array([draws.truth(row) for row in rows], dtype=object),
            "request_id": np.array([f"request-{i}" for i in range(len(rows))], dtype=object),
        },
        meta_info={"reward_extra_keys": list(extra[0])},
    )
    made = trainer(RayPPOTrainer, draws.words, step)
    made._log_rollout_data(batch, extract_reward(batch)[1], {}, str(folder))
    made._shutdown_dump_executor()


class Plain(PPOTrainer):
    """The trainer without what trains."""


Plain.__abstractmethods__ = frozenset()


def main() -> None:
    model, table, target = sys.argv[1], pd.read_parquet(sys.argv[2]), Path(sys.argv[3])
    words = AutoTokenizer.from_pretrained(Path(model).parent, gguf_file=Path(model).name)
    words.eos_token = "<|im_end|>"  # the file's metadata names another
    words.pad_token = words.eos_token  # as verl's hf_tokenizer does
    table = table[table["prompt"].isin(PROMPTS)].copy()
    other = ~table["response"].str.isascii()  # letters beyond ASCII first
    table = table.assign(other=other).sort_values(["other", "draw"], ascending=[False, True])
    table["step"] = table.groupby("prompt").cumcount() // EACH
    asyncio.set_event_loop(asyncio.new_event_loop())
    draws = Draws(words, table)
    trainer_base.tq = Queue()
    shutil.rmtree(target, ignore_errors=True)
    validation(draws, target / "validation", 0)
    for step in (1, 2):
        rollouts(draws, target / "rollouts", step)
    rollouts(draws, target / "sessions", 1, outputs=2)
    legacy(draws, target / "legacy", 1)


if __name__ == "__main__":
    main()
