"""What the tests of HRV Measure measure: a prompt with one word of two readings, small images."""

from __future__ import annotations

from dataclasses import replace

import torch
from literal_share import way_share

from hrv_pack.hrv.measure.readings import Readings
from hrv_pack.nodes.host.hooks import Hook
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.host.prediction import predictions
from hrv_pack.nodes.measure.readings import INSTEAD, PLAIN, WANTED
from hrv_pack.nodes.measure.run import sample_images
from hrv_pack.nodes.measure.settings import MeasureSettings
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.steering.rescale import Rescale, WordRescale

TEXT = "a red mouse in snow"
READINGS = Readings("mouse", "computer mouse", "mouse animal")
SETTINGS = MeasureSettings(images=2, steps=2, cfg=1.0, seed=3, width=64, height=64)


def prompt(clip, text=TEXT):
    return HRVPrompt.execute(text, clip).args[0]


def far_apart(scene):
    """The scene with a reading that no text gives: a way so long that s has little rounding."""
    strong = [[8 * embedding, options] for embedding, options in scene.conditionings[WANTED]]
    return replace(scene, conditionings={**scene.conditionings, WANTED: strong})


class Shares(Hook):
    """s of each step and image by the host's own predictions, the word rescaled in these alone.

    No gradient takes part, and the trajectory stays that of the plain prompt.
    """

    label, acts_before_steps = "shares", True

    def __init__(self, scene, r):
        self.scene, self.found, self.active = scene, [], False
        words = [WordRescale(p, scene.positions[p.id], r, 1e9, 0.0) for p in scene.prompts]
        self.rescale = Rescale(words, "shares")

    def new_state(self):
        return self.rescale.new_state()

    def before_step(self, run, step):
        self.active = True
        wanted, start, plain = predictions(step, [WANTED, INSTEAD, PLAIN])
        self.active = False
        self.found.append(way_share(plain, wanted - start))

    def attach(self, call):
        return self.rescale.attach(call) if self.active else ()


def shares(model, scene, r):
    """s (T, I) with the word's maps rescaled by r (H,)."""
    hook = Shares(scene, r)
    numbers = list(range(SETTINGS.images))
    sample_images(add_hooks(model, [hook]), scene.conditionings, SETTINGS, numbers)
    return torch.stack(hook.found)


def share_changes(model, scene, direction, around=1.0, by=0.1):
    """Sums over the images of ds/dr along a direction (H,) at r = around, (T,), by differences."""
    ends = [shares(model, scene, around + sign * by * direction) for sign in (1, -1)]
    return (ends[0] - ends[1]).sum(dim=1) / (2 * by)
