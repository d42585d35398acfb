"""A trainer of your own, in PyTorch: one run of a ladder, reported in one line of JSON.

`ladder.toml` beside this file calls it. The model, the schedule and the optimiser are those of isoflop's built-in
trainer, so that the two can be held against each other (`bench/ladder/pytorch.py`); replace them with yours.
"""

import argparse
import json
import math
import pathlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BLOCK = 8192  # bytes; of every ten blocks the last is held out
BASE_WIDTH = 64  # matrices of width w learn at BASE_WIDTH / w times the rate


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        half = width // heads // 2
        rates = 10_000.0 ** (-torch.arange(half) / half)
        angles = torch.outer(torch.arange(context), rates)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def turn(self, x: torch.Tensor) -> torch.Tensor:
        a, b = x.chunk(2, dim=-1)
        return torch.cat((a * self.cos - b * self.sin, a * self.sin + b * self.cos), dim=-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, context, width = x.shape
        parts = self.qkv(x).view(batch, context, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(self.turn(q), self.turn(k), v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, context, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int, context: int) -> None:
        super().__init__()
        self.norm1 = nn.RMSNorm(width, eps=1e-5)
        self.attention = Attention(width, heads, context)
        self.norm2 = nn.RMSNorm(width, eps=1e-5)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self, a: argparse.Namespace) -> None:
        super().__init__()
        self.embedding = nn.Embedding(a.vocabulary, a.width)
        self.blocks = nn.ModuleList(Block(a.width, a.heads, a.hidden, a.context) for _ in range(a.layers))
        self.norm = nn.RMSNorm(a.width, eps=1e-5)
        branches = math.sqrt(2 * a.layers)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                fan = p.shape[1]
                writes = name.endswith(("attention.out.weight", "down.weight"))
                nn.init.normal_(p, std=1 / math.sqrt(fan) / (branches if writes else 1))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.embedding.weight.T  # the output is tied to the embedding


def share_of_peak(step: int, steps: int, warmup: int) -> float:
    """The learning rate of a step: warm-up, then a cosine to a tenth at the last step of this very run."""
    if step < warmup:
        return (step + 1) / warmup
    gone = (step - warmup + 1) / max(steps - warmup, 1)
    return 0.1 + 0.9 * (1 + math.cos(math.pi * gone)) / 2


def optimiser(model: Model, a: argparse.Namespace) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.dim() == 2]
    gains = [p for p in model.parameters() if p.dim() == 1]
    scale = BASE_WIDTH / a.width
    groups = [
        {"params": matrices, "peak": a.learning_rate * scale, "weight_decay": 0.1 / scale},
        {"params": gains, "peak": a.learning_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=a.learning_rate, betas=(0.9, 0.95), eps=1e-8)


def read(paths: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Training and held-out bytes of all files, in order of their names."""
    files = [f for p in paths for f in (sorted(x for x in pathlib.Path(p).rglob("*") if x.is_file()) or [pathlib.Path(p)])]
    text = b"".join(f.read_bytes() for f in files)
    block = max(min(BLOCK, len(text) // 10), 1)
    blocks = [text[i : i + block] for i in range(0, len(text), block)]
    sides = (b"".join(b for i, b in enumerate(blocks) if (i % 10 == 9) == held) for held in (False, True))
    train, held_out = (torch.frombuffer(bytearray(side), dtype=torch.uint8).long() for side in sides)
    return train, held_out


@torch.no_grad()
def measure(model: Model, text: torch.Tensor, context: int, most: int) -> tuple[float, float]:
    """Mean loss of held-out tokens in nats a token, with its standard error over stretches of the context's length."""
    count = min((len(text) - 1) // context, math.ceil(most / context))
    losses = []
    for first in range(0, count, 16):
        at = range(first, min(first + 16, count))
        x = torch.stack([text[i * context : (i + 1) * context] for i in at])
        y = torch.stack([text[i * context + 1 : (i + 1) * context + 1] for i in at])
        each = F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="none")
        losses.append(each.view(len(x), context).mean(1))
    all_losses = torch.cat(losses).double()
    return all_losses.mean().item(), (all_losses.std() / math.sqrt(len(all_losses))).item()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("layers", "width", "heads", "hidden", "context", "batch", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("tokens", "learning-rate", "warmup-tokens"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--vocabulary", type=int, default=256)
    parser.add_argument("--held-out-tokens", type=int, default=131_072)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--text", nargs="+", required=True)
    a = parser.parse_args()

    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    train, held_out = read(a.text)
    model = Model(a)
    adam = optimiser(model, a)
    step_tokens = a.batch * a.context
    steps = max(round(a.tokens / step_tokens), 1)
    warmup = min(round(a.warmup_tokens / step_tokens), steps)

    told = began = time.monotonic()
    for step in range(steps):
        for group in adam.param_groups:
            group["lr"] = group["peak"] * share_of_peak(step, steps, warmup)
        starts = torch.randint(len(train) - a.context - 1, (a.batch,))
        x = torch.stack([train[i : i + a.context] for i in starts])
        y = torch.stack([train[i + 1 : i + a.context + 1] for i in starts])
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        if not math.isfinite(loss.item()):
            print(json.dumps({"event": "final", "result": {"loss": None}}))
            return
        now = time.monotonic()
        if now - told > 1:
            told = now
            done = (step + 1) * step_tokens
            event = {"event": "progress", "step": step + 1, "steps": steps, "tokens": done, "train_loss": loss.item()}
            event |= {"learning_rate": adam.param_groups[1]["lr"], "tokens_per_sec": done / (now - began)}
            print(json.dumps(event), flush=True)
    speed = steps * step_tokens / (time.monotonic() - began)
    loss, loss_se = measure(model, held_out, a.context, a.held_out_tokens)
    result = {"loss": loss, "loss_se": loss_se, "tokens": steps * step_tokens, "tokens_per_sec": speed}
    result["params"] = sum(p.numel() for p in model.parameters())
    print(json.dumps({"event": "final", "result": result}))


if __name__ == "__main__":
    sys.exit(main())
