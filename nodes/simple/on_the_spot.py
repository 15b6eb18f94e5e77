"""Vectors measured when they are first asked for, and kept while ComfyUI runs."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...hrv.measure.readings import Readings
from ...hrv.relevance import HeadRelevance
from ...hrv.text.inline import WordReading
from ..host.model import model_heads
from ..host.patching import without_hooks
from ..host.weights_digest import weights_digest
from ..library.fitting import Fitting
from ..measure.readings import read_scene
from ..measure.report import Reporter, recorded
from ..measure.run import measure
from ..measure.settings import MeasureSettings
from ..prompts.tag import Conditioning

IMAGES, STEPS, CFG, SIDE = 6, 10, 7.5, 512
PASSES = 6
"""Of a refined measurement."""
_SIDES = {"SD2.x": 768}
_SIDES |= dict.fromkeys(("SDXL", "SDXL refiner", "SSD-1B", "Segmind Vega"), 1024)
_SIDES |= dict.fromkeys(("KOALA 700M", "KOALA 1B"), 1024)
"""Pixels of the images that a family was trained on, where they are not `SIDE`."""
_SAMPLING = re.compile(r"cfg (\d+(?:\.\d+)?), (\d+)x(\d+)")
_KEPT_AT_MOST = 64
_kept: OrderedDict[tuple[str, ...], HeadRelevance] = OrderedDict()


@dataclass(frozen=True, eq=False)
class Spot:
    """Where words are measured: a model, its CLIP, a prompt, how; node: tells how far it is."""

    model: Any
    clip: Any
    conditioning: Conditioning
    settings: MeasureSettings
    node: str | None

    def measured(self, reading: WordReading) -> HeadRelevance:
        """The vectors of a word's reading; measured once for a model, a prompt and settings.

        The strength plays no part. Hooks on the model are left out: they belong to other prompts.
        """
        readings = Readings(reading.word, reading.read_as, reading.not_as)
        scene = read_scene(self.clip, self.conditioning, readings)
        prompts = [prompt.text for prompt in scene.prompts]
        key = (*self._identity(), *prompts, reading.word, *readings.rows)
        if key not in _kept:
            plain = without_hooks(self.model)
            found = measure(plain, scene, self.settings, Reporter(self.node))
            _kept[key] = recorded(plain, self.clip, scene, self.settings, found)
        _kept.move_to_end(key)
        while len(_kept) > _KEPT_AT_MOST:
            _kept.popitem(last=False)
        return _kept[key]

    def _identity(self) -> tuple[str, ...]:
        """What a measurement depends on but for its words.

        Patches of other packs that change no weight, nor what the model predicts, are not in it.
        """
        sampling = type(self.model.get_model_object("model_sampling"))
        return (
            model_heads(self.model).fingerprint,
            weights_digest(self.model),
            weights_digest(self.clip.patcher),
            " ".join(each.__name__ for each in sampling.__mro__),
            repr(self.settings),
        )


def usual_settings(model: Any, files: Iterable[Fitting]) -> MeasureSettings:
    """Settings for a MODEL: cfg and size as its own files were made with, or as its family is.

    files: those that fit it, the best first.
    """
    for file in files:
        said = _SAMPLING.search(file.says("sampling"))
        if said:
            width, height = int(said[2]), int(said[3])
            return MeasureSettings(IMAGES, STEPS, float(said[1]), 0, width, height)
    side = _SIDES.get(model_heads(model).known_family or "", SIDE)
    return MeasureSettings(IMAGES, STEPS, CFG, 0, side, side)
