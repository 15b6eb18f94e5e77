"""Masks found in images whose objects are known."""

from __future__ import annotations

from hrv_pack.benchmarks.evidence.masks import find_mask, finder_score
from hrv_pack.demo.world import object_mask, render, scenes


class TestMasks:
    def test_exact_renders_give_their_masks(self) -> None:
        for scene in scenes(12, 5):
            if len(scene.objects) == 1:
                mask = find_mask(render(scene) / 255.0, scene)
                exact = object_mask(scene) > 0.5
                assert (mask & exact).sum() / (mask | exact).sum() > 0.9

    def test_blurred_renders_too(self) -> None:
        assert finder_score(20) > 0.95
