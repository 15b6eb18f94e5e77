"""Training of the latent's decoder.

It sees latents with a little noise, and latents that the trained UNet has denoised from much
noise, so that it learns to clean what the UNet leaves unclear.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from . import world
from .captions import caption
from .decoder import DemoAutoencoder, psnr, trainable
from .files import part
from .latent import PatchLatent, to_signed
from .train_unet import Networks
from .vocabulary import Vocabulary

HELD_OUT_SEED = 900_002
Spoil = Callable[[Tensor, list[world.Scene]], Tensor]


@dataclass(frozen=True)
class Settings:
    """What decides the result of a training."""

    pictures: int = 100_000
    dataset: int = 20_000
    batch: int = 32
    learning_rate: float = 1.5e-3
    noise: float = 0.2
    denoised_share: float = 0.5
    strongest: float = 1.2
    ema: float = 0.998
    seed: int = 40


class Denoised:
    """Latents noised up to a level and denoised in one step by the trained UNet."""

    def __init__(self, checkpoint: Path, settings: Settings, device: torch.device) -> None:
        tensors = load_file(checkpoint, device=str(device))
        self.vocabulary = Vocabulary()
        self.networks = Networks(len(self.vocabulary)).to(device).requires_grad_(False)
        self.networks.load_state_dict(part(tensors, "average."))
        self.space = PatchLatent().to(device)
        self.space.load_state_dict(part(tensors, "latent."))
        from .network import diffusion_model

        sigmas = diffusion_model().model_sampling.sigmas.to(device)
        self.sigmas = sigmas[sigmas < settings.strongest]
        self.settings = settings
        self.rng = np.random.default_rng([settings.seed, 2])

    @torch.no_grad()
    def __call__(self, clean: Tensor, scenes: list[world.Scene]) -> Tensor:
        """Clean latents (B, 32, 8, 8) -> what the UNet makes of them at a random noise level."""
        words = np.stack([self.vocabulary.rows(caption(scene, self.rng)) for scene in scenes])
        steps = torch.randint(len(self.sigmas), (len(clean),), device=clean.device)
        sigma = self.sigmas[steps].view(-1, 1, 1, 1)
        noisy = (clean + sigma * torch.randn_like(clean)) / (sigma**2 + 1).sqrt()
        with torch.autocast(clean.device.type, torch.bfloat16):
            rows = torch.from_numpy(words).to(clean.device)
            return self.networks(noisy, steps.float(), rows)


def spoiled(clean: Tensor, scenes: list[world.Scene], denoise: Spoil, s: Settings) -> Tensor:
    """The decoder's input: the first part of the batch denoised, the rest lightly noised."""
    count = int(s.denoised_share * len(clean))
    level = s.noise * torch.rand(len(clean), 1, 1, 1, device=clean.device)
    result = clean + level * torch.randn_like(clean)
    result[:count] = denoise(clean[:count], scenes[:count])
    return result


def train(settings: Settings, checkpoint: Path, device: torch.device) -> DemoAutoencoder:
    """A trained decoder over the latent space of the UNet's checkpoint."""
    torch.manual_seed(settings.seed)
    denoise = Denoised(checkpoint, settings, device)
    scenes = list(world.scenes(settings.dataset, settings.seed))
    pictures = np.stack([world.render(s) for s in tqdm(scenes, "rendering", mininterval=5)])
    model = trainable(denoise.space).to(device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), settings.learning_rate)
    steps = settings.pictures // settings.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, steps)
    for _ in tqdm(range(steps), "decoder", mininterval=10):
        chosen = torch.randint(len(pictures), (settings.batch,)).tolist()
        target = to_signed(pictures[chosen]).to(device)
        latents = spoiled(model.encode(target), [scenes[i] for i in chosen], denoise, settings)
        with torch.autocast(device.type, torch.bfloat16):
            correction = model.decoder(latents)
        loss = (model.latent.decode(latents) + correction.float() - target).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            old: list[Tensor] = list(average.parameters())
            new: list[Tensor] = list(model.parameters())
            torch._foreach_lerp_(old, new, 1 - settings.ema)
    return average.cpu()


def main(folder: Path, device: torch.device, settings: Settings) -> None:
    """Train and save beside the UNet's checkpoint."""
    began = time.monotonic()
    model = train(settings, folder / "unet.safetensors", device)
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    tensors["seconds"] = torch.tensor(time.monotonic() - began)
    save_file(tensors, folder / "decoder.safetensors")
    fresh = np.stack([world.render(scene) for scene in world.scenes(500, HELD_OUT_SEED)])
    tqdm.write(f"decoder {psnr(model, to_signed(fresh)):.1f} dB on held-out renders")
