"""What HRV Measure costs: its time in samplings of the same images, and the memory of its pass.

    python tools/host.py run -m tools.pack benchmarks.costs.measure

Time: CPU time on the demo model against sampling the same images plainly, taking turns in one run.
Memory: the most bytes of tensors alive at one time in the pass with gradients, weights included, at
true size and in float16, with tensors that have a shape and no content (see costs.excite).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from typing import Any

import comfy.ops
import torch
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from torch._subclasses.fake_tensor import FakeTensorMode

from ...hrv.heads import cross_attention_layers, head_table
from ...hrv.measure.effect import image_effects
from ...hrv.measure.readings import Readings
from ...nodes.host.gradient_pass import pass_options
from ...nodes.host.gradients import checkpointed
from ...nodes.host.hooks import Call, PromptRows, Run
from ...nodes.library.demo import HRVDemoModel
from ...nodes.measure.aims import Way
from ...nodes.measure.hook import Measuring, Tally, Task
from ...nodes.measure.readings import Scene, read_scene
from ...nodes.measure.run import measure, sample_images
from ...nodes.measure.settings import MeasureSettings
from ...nodes.prompts.nodes import HRVPrompt
from ...nodes.prompts.tag import Prompt
from .excite import GIB, SIZES, Live
from .harness import compare, report
from .sampling import quiet_clock

READINGS = Readings("mouse", "computer mouse", "mouse animal")
SAMPLINGS = 4.0
"""Samplings of the same images that one pass may cost."""
PASSES = (1, 3)
LIMITS = {"SD1.5 at 512 x 512": 6.0, "SDXL at 1024 x 1024": 12.0}
"""GiB allowed."""


def measure_time(rounds: int) -> None:
    """10 images of 10 steps: sampled plainly, measured, and refined."""
    with torch.inference_mode():
        model, clip, _ = HRVDemoModel.execute().args
        scene = read_scene(clip, HRVPrompt.execute("a mouse", clip).args[0], READINGS)
    settings = MeasureSettings(cfg=4.0, width=64, height=64)

    def plain() -> None:
        with torch.inference_mode():
            sample_images(model, scene.conditionings, settings, list(range(settings.images)))

    def measured(passes: int) -> None:
        with torch.inference_mode():
            measure(model, scene, replace(settings, passes=passes))

    tried = {f"HRV Measure, passes {n}": partial(measured, n) for n in PASSES}
    result = compare({"sampling": plain, **tried}, rounds, quiet_clock())
    report("HRV Measure of one word on the demo model, 10 images x 10 steps", result)
    for name, passes in zip(tried, PASSES, strict=True):
        print(f"  {name}: {result[name]['ratio']['median'] / passes:.2f} samplings a pass")
    fits = "yes" if result["HRV Measure, passes 1"]["ratio"]["median"] <= SAMPLINGS else "NO"
    print(f"  one pass within {SAMPLINGS:g} samplings: {fits}", flush=True)


def peak_of_pass(config: Any, table: dict[str, Any], side: int, adm: int, recompute: bool) -> int:
    """Bytes at the highest point of a float16 pass of one image, weights included."""
    unet_config = config(dict(table)).unet_config
    half = {"dtype": torch.float16, "device": torch.device("cpu")}
    fake, live = FakeTensorMode(allow_non_fake_inputs=True), Live()
    with fake, live:
        unet = UNetModel(**{**unet_config, **half, "operations": comfy.ops.disable_weight_init})
        unet.requires_grad_(False)
    heads = head_table(unet)
    with fake, live, checkpointed(unet, recompute):
        x = torch.zeros(1, 4, side, side, dtype=torch.float16)
        y = torch.zeros(1, adm, dtype=torch.float16) if adm else None
        context = torch.zeros(1, 77, unet_config["context_dim"], dtype=torch.float16)
        hook, run = _measuring(len(heads)), Run()
        r = run.state(hook).gradient.r = torch.ones(1, len(heads)).requires_grad_()
        call = Call(
            layers=cross_attention_layers(unet),
            heads=heads,
            prompt_rows=(PromptRows("p", 77),),
            spans=(slice(0, 1),),
            rows=1,
            tokens=77,
            sigma=1.0,
            x=x,
            unet=unet,
            run=run,
        )
        options = pass_options({}, lambda *_: None, False)["transformer_options"]
        handles = list(hook.attach(call))
        output = unet._forward(x, torch.zeros(1), context, y, None, options)
        image_effects(output.float().flatten(1).sum(dim=1), r)
        for handle in handles:
            handle.remove()
    return live.peak


def _measuring(heads: int) -> Measuring:
    """The hook for a prompt "p" whose word is its fifth token."""
    prompt, ones = Prompt("p", "a red striped mouse", ()), torch.ones(heads)
    task = Task(Scene(READINGS, (prompt,), {"p": (4,)}, {}), Way(ones), "off")
    return Measuring(task, Tally.none(1, ones), (0,), take=lambda _tally: None, tell=lambda: None)


def main(*arguments: str) -> None:
    options = argparse.ArgumentParser(prog="benchmarks.costs.measure", description=__doc__)
    options.add_argument("--memory", action="store_true", help="memory only")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args(arguments)
    if not chosen.memory:
        measure_time(chosen.rounds)
    print("\nMemory of the pass with gradients, weights included")
    for name, (config, table, side, adm, _) in SIZES.items():
        for recompute in (False, True):
            size = peak_of_pass(config, table, side, adm, recompute)
            fits = "yes" if size <= LIMITS[name] * GIB else "NO"
            print(
                f"  {name:<20} checkpointing {'on' if recompute else 'off':<4} "
                f"{size / GIB:6.2f} GiB; within {LIMITS[name]:g} GiB: {fits}",
                flush=True,
            )
