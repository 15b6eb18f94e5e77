"""Training of the demo model's UNet and text encoder together."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm

from . import text, world
from .captions import caption
from .files import part
from .latent import PatchLatent, fit, to_signed
from .network import diffusion_model
from .vocabulary import Vocabulary


@dataclass(frozen=True)
class Settings:
    """What decides the result of a training."""

    pictures: int = 160_000
    batch: int = 32
    dataset: int = 100_000
    learning_rate: float = 1e-3
    warmup: int = 100
    decay_share: float = 0.4
    drop_caption: float = 0.1
    unknown_word: float = 0.05
    weight_limit: float = 5.0
    weight_floor: float = 0.2
    ema: float = 0.999
    seed: int = 20


class Networks(nn.Module):
    """UNet and text encoder as one thing to train."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.unet = diffusion_model().diffusion_model
        self.text = text.build(rows)
        initialise(self)
        self.requires_grad_(True)
        self.text.text_projection.requires_grad_(False)

    def forward(self, noisy: Tensor, steps: Tensor, rows: Tensor) -> Tensor:
        """Clean latents (B, 32, 8, 8) from scaled noisy ones, time steps (B,) and captions."""
        context = text.states(self.text, rows)
        options = {"optimized_attention_override": _attention}
        return self.unet(noisy, steps, context=context, transformer_options=options).float()


def _attention(host: Any, q: Tensor, k: Tensor, v: Tensor, heads: int, **_: Any) -> Tensor:
    """In place of the host's attention: (B, tokens, heads * d) each."""
    parts = (x.view(*x.shape[:2], heads, -1).transpose(1, 2) for x in (q, k, v))
    mixed = text.attention(*parts).transpose(1, 2)
    return mixed.reshape(*mixed.shape[:2], -1)


def initialise(networks: nn.Module) -> None:
    """Set every weight; the host's layers leave them as they find them in memory."""
    for name, parameter in networks.named_parameters():
        silent = ("out_layers.3", "proj_out", "unet.out.2", "out_proj", "mlp.fc2")
        if parameter.dim() < 2:
            nn.init.constant_(parameter, float("norm" in name or name.endswith("weight")))
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
        elif "embedding" in name:
            nn.init.normal_(parameter, std=0.3 if "token" in name else 0.05)
        elif any(part in name for part in silent):
            nn.init.normal_(parameter, std=0.1 * parameter[0].numel() ** -0.5)
        else:
            nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)


class Dataset:
    """Scenes, kept as latents, with new captions every time they are drawn."""

    def __init__(self, settings: Settings, vocabulary: Vocabulary) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        self.scenes = list(world.scenes(settings.dataset, settings.seed))
        first = np.stack([world.render(scene) for scene in self.scenes[:4000]])
        self.space: PatchLatent = fit(to_signed(first))
        parts = []
        for start in tqdm(range(0, len(self.scenes), 1000), desc="rendering"):
            block = np.stack([world.render(s) for s in self.scenes[start : start + 1000]])
            parts.append(self.space.encode(to_signed(block)).half())
        self.latents = torch.cat(parts)

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Clean latents (B, 32, 8, 8) and caption rows (B, 77)."""
        chosen = rng.integers(len(self.scenes), size=self.settings.batch)
        rows = np.stack([self._rows(self.scenes[i], rng) for i in chosen])
        return self.latents[chosen].float(), torch.from_numpy(rows)

    def _rows(self, scene: world.Scene, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < self.settings.drop_caption:
            return self.vocabulary.rows("")
        rows = self.vocabulary.rows(caption(scene, rng))
        if rng.random() < self.settings.unknown_word:
            rows = np.insert(rows, rng.integers(1, 6), len(self.vocabulary) - 1)[:-1]
        return rows


def loss_weight(sigma: Tensor, settings: Settings) -> Tensor:
    """1 / sigma^2, limited at both ends (like min-SNR weighting, arXiv 2303.09556)."""
    return (sigma**-2).clamp(max=settings.weight_limit) + settings.weight_floor


class Training:
    """The state of a run; `save` and `resume` make it survive interruptions."""

    def __init__(self, settings: Settings, folder: Path, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.folder, self.device = settings, folder, device
        self.vocabulary = Vocabulary()
        self.networks = Networks(len(self.vocabulary)).to(device)
        self.average = copy.deepcopy(self.networks).requires_grad_(False)
        trained = [p for p in self.networks.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=1.0, weight_decay=0.01, fused=True)
        self.sigmas = diffusion_model().model_sampling.sigmas.to(device)
        self.steps = settings.pictures // settings.batch
        self.step = 0
        self.seconds = 0.0

    def learning_rate(self) -> float:
        """Warm-up, plateau, then a straight line to zero."""
        left = (self.steps - self.step) / (self.steps * self.settings.decay_share)
        return self.settings.learning_rate * min(1.0, left, (self.step + 1) / self.settings.warmup)

    def train_step(self, clean: Tensor, rows: Tensor) -> Tensor:
        """One optimizer step; returns the loss."""
        clean, rows = clean.to(self.device), rows.to(self.device)
        steps = torch.randint(len(self.sigmas), (len(clean),), device=self.device)
        sigma = self.sigmas[steps].view(-1, 1, 1, 1)
        noisy = (clean + sigma * torch.randn_like(clean)) / (sigma**2 + 1).sqrt()
        with torch.autocast(self.device.type, torch.bfloat16):
            found = self.networks(noisy, steps.float(), rows)
        loss = (loss_weight(sigma, self.settings) * (found - clean) ** 2).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.optimizer.step()
        self.step += 1
        self._update_average()
        return loss.detach()

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(self.settings.ema, self.step / (self.step + 10))
        pairs = zip(self.average.parameters(), self.networks.parameters(), strict=True)
        for old, new in pairs:
            old.lerp_(new, 1 - keep)

    def run(self, save_every: float = 180.0) -> None:
        """Train to the end, saving now and then."""
        data = Dataset(self.settings, self.vocabulary)
        self.space = data.space
        rng = np.random.default_rng([self.settings.seed, self.step])
        began, saved, base = time.monotonic(), time.monotonic(), self.seconds
        bar = tqdm(total=self.steps, initial=self.step, desc="unet", mininterval=20)
        losses: list[float] = []
        while self.step < self.steps:
            losses.append(float(self.train_step(*data.batch(rng))))
            bar.update()
            if self.step % 100 == 0:
                bar.set_postfix(loss=f"{np.mean(losses[-500:]):.4f}", refresh=False)
            if time.monotonic() - saved > save_every or self.step == self.steps:
                self.seconds = base + time.monotonic() - began
                self.save()
                saved = time.monotonic()
        bar.close()

    def save(self) -> None:
        """Write weights and optimizer; a broken-off write leaves the old files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, Tensor] = {"known": self.vocabulary.known}
        tensors |= {f"latent.{k}": v for k, v in self.space.state_dict().items()}
        tensors |= {f"now.{k}": v for k, v in self.networks.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{k}": v for k, v in state.items()}
        tensors |= {"step": torch.tensor(self.step), "seconds": torch.tensor(self.seconds)}
        fresh = self.folder / "unet.new"
        save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, fresh)
        fresh.replace(self.folder / "unet.safetensors")

    def resume(self) -> None:
        """Continue from the last save, if there is one."""
        file = self.folder / "unet.safetensors"
        if not file.exists():
            return
        tensors = load_file(file, device=str(self.device))
        self.networks.load_state_dict(part(tensors, "now."))
        self.average.load_state_dict(part(tensors, "average."))
        self.optimizer.load_state_dict(_optimizer_state(self.optimizer, tensors))
        self.step, self.seconds = int(tensors["step"]), float(tensors["seconds"])
        torch.manual_seed(self.settings.seed + self.step)


def _optimizer_state(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> Any:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in part(tensors, "optimizer.").items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    return {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
