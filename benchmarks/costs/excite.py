"""What A&E-HRV costs: the time of a step that moves, and the memory of its pass with gradients.

    python tools/host.py run -m tools.pack benchmarks.costs.excite

Time: a guided step in which the latent moves once (no refinement) against an ordinary one, taking
turns in one run. Memory: on a GPU what such a sampling allocates at true size. On a CPU the most
bytes of tensors alive at one time in the pass, weights included, at true size and in float16, by
running it with tensors that have a shape and no content (`--memory` does only this, in minutes);
attention then keeps its inputs, its output and one number for each query, as on a GPU.
"""

from __future__ import annotations

import argparse
import weakref
from collections.abc import Callable
from typing import Any

import comfy.ops
import comfy.supported_models
import torch
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import nodes as host_nodes

from ...hrv.excite.filters import Smoothing
from ...hrv.excite.plan import plan_maps
from ...hrv.excite.settings import MapReading
from ...hrv.excite.words import ChosenToken, token_slots
from ...hrv.heads import cross_attention_layers, head_table
from ...hrv.relevance import HeadRelevance
from ...nodes.excite.loss_reader import LossReader
from ...nodes.excite.node import AttendExcite
from ...nodes.excite.targets import PromptTargets, Targets
from ...nodes.host.gradient_pass import pass_options
from ...nodes.host.gradients import checkpointed
from ...nodes.host.hooks import Call, PromptRows, Run
from ...nodes.prompts.nodes import HRVPrompt
from ...nodes.prompts.tag import Prompt
from .full_size import SD15_UNET, SDXL_UNET, full_size_sd15, full_size_sdxl
from .harness import compare, report
from .sampling import quiet_clock, sampler, some_relevance

TEXT, WORDS = "a red striped cat and a blue fish", ("cat", "fish")
TIME_LIMIT = 3.5
GIB = 2**30
# name: (configuration, U-Net, side of the latent, width of the vector input, GiB allowed)
SIZES: dict[str, tuple[Any, dict[str, Any], int, int, float]] = {
    "SD1.5 at 512 x 512": (comfy.supported_models.SD15, SD15_UNET, 64, 0, 6.0),
    "SDXL at 1024 x 1024": (comfy.supported_models.SDXL, SDXL_UNET, 128, 2816, 16.0),
}


def excited(model: Any, positive: Any, hrv: HeadRelevance | None, checkpointing: str) -> Any:
    """`model` with a movement in every step and no refinement."""
    words = ", ".join(WORDS if hrv is None else (f"{word}: Animals" for word in WORDS))
    options: dict[str, Any] = {"move_until": 1.0, "thresholds": "", "checkpointing": checkpointing}
    return AttendExcite.execute(model, positive, words, 1.0, **options, hrv=hrv).args[0]


def measure_time(side: int, rounds: int) -> None:
    """An SD1.5-size model with random weights; latents of `side`."""
    with torch.inference_mode():
        model, clip = full_size_sd15()
        positive = HRVPrompt.execute(TEXT, clip).args[0]
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
        hrv = some_relevance(model, "Animals", "cat")
    variants = {
        "plain": model,
        "A&E": excited(model, positive, None, "off"),
        "A&E-HRV": excited(model, positive, hrv, "off"),
        "A&E, checkpointing": excited(model, positive, None, "on"),
        "A&E-HRV, checkpointing": excited(model, positive, hrv, "on"),
    }
    latent = {"samples": torch.zeros(1, 4, side, side)}
    runs = {name: sampler(each, positive, negative, latent, 1) for name, each in variants.items()}
    result = compare(runs, rounds, quiet_clock())
    report(f"A&E-HRV, a moved step, SD1.5-size UNet, latent {side} x {side}", result)
    worst = max(row["ratio"]["median"] for row in result.values())
    print(f"  within x {TIME_LIMIT}: {'yes' if worst <= TIME_LIMIT else 'NO'}", flush=True)


def measure_on_gpu(name: str, build: Callable[[], Any], side: int, limit: float) -> None:
    """Memory allocated by one moved step at true size."""
    with torch.inference_mode():
        model, clip = build()
        positive = HRVPrompt.execute(TEXT, clip).args[0]
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    for hrv in (None, some_relevance(model, "Animals", "cat")):
        torch.cuda.reset_peak_memory_stats()
        latent = {"samples": torch.zeros(1, 4, side, side)}
        sampler(excited(model, positive, hrv, "auto"), positive, negative, latent, 1)()
        _say(name, hrv is not None, "auto", torch.cuda.max_memory_allocated(), limit)


class Live(TorchDispatchMode):
    """Counts the bytes of all storages that are alive, and their peak."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known = weakref.WeakSet[Any]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.add(tensor)
        return result

    def add(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage not in self._known:
            self._known.add(storage)
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._gone, storage.nbytes())

    def _gone(self, size: int) -> None:
        self.now -= size


class ShapeReader(LossReader):
    """Reads and takes gradients as in a pass; the numbers have no content, so nothing is kept."""

    def _keep(self, *_found: Any) -> None:
        pass


def peak_of_pass(
    config: Any, table: dict[str, Any], side: int, adm: int, weighed: bool, recompute: bool
) -> int:
    """Bytes at the highest point of a float16 pass with gradients, weights included."""
    unet_config = config(dict(table)).unet_config
    half = {"dtype": torch.float16, "device": torch.device("cpu")}
    fake, live = FakeTensorMode(allow_non_fake_inputs=True), Live()
    with fake, live:
        unet = UNetModel(**{**unet_config, **half, "operations": comfy.ops.disable_weight_init})
        unet.requires_grad_(False)
    layers, heads = cross_attention_layers(unet), head_table(unet)
    vectors = torch.ones(1, len(heads)) if weighed else None
    plan = plan_maps(unet, layers, heads, (side, side), "auto", vectors)
    tokens = (ChosenToken(4, 0), ChosenToken(8, 0))
    slots = token_slots(77, (), "all but first")
    reading = MapReading(Smoothing("gaussian"), "all but first")
    targets = Targets((PromptTargets(Prompt("p", TEXT, ()), tokens, slots),), vectors, reading)
    with fake, live, checkpointed(unet, recompute):
        x = torch.zeros(1, 4, side, side).requires_grad_()
        z, y = x.half(), torch.zeros(1, adm, dtype=torch.float16) if adm else None
        context = torch.zeros(1, 77, unet_config["context_dim"], dtype=torch.float16)
        reader = ShapeReader(targets, {(side, side): plan}, x, 1.0)
        call = Call(
            layers=layers,
            heads=heads,
            prompt_rows=(PromptRows("p", 77),),
            spans=(slice(0, 1),),
            rows=1,
            tokens=77,
            sigma=1.0,
            x=z,
            unet=unet,
            run=Run(),
        )
        options = pass_options({}, reader, False)["transformer_options"]
        handles = list(reader.attach(call))
        reader(call, lambda: unet._forward(z, torch.zeros(1), context, y, None, options))
        for handle in handles:
            handle.remove()
    return live.peak


def _say(name: str, weighed: bool, checkpointing: str, size: int, limit: float) -> None:
    kind = "A&E-HRV" if weighed else "A&E"
    fits = "yes" if size <= limit * GIB else "NO"
    print(
        f"  {name:<20} {kind:<8} checkpointing {checkpointing:<5} {size / GIB:6.2f} GiB; "
        f"within {limit:g} GiB: {fits}",
        flush=True,
    )


def main(*arguments: str) -> None:
    options = argparse.ArgumentParser(description="Cost of A&E-HRV.")
    options.add_argument("--memory", action="store_true", help="memory only")
    options.add_argument("--side", type=int, default=64, help="side of the latent that is timed")
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args(arguments)
    if not chosen.memory:
        measure_time(chosen.side, chosen.rounds)
    print("\nMemory of the pass with gradients, weights included")
    if torch.cuda.is_available():
        measure_on_gpu("SD1.5 at 512 x 512", full_size_sd15, 64, 6.0)
        measure_on_gpu("SDXL at 1024 x 1024", full_size_sdxl, 128, 16.0)
        return
    for name, (config, table, side, adm, limit) in SIZES.items():
        for weighed in (False, True):
            for recompute in (False, True):
                size = peak_of_pass(config, table, side, adm, weighed, recompute)
                _say(name, weighed, "on" if recompute else "off", size, limit)
