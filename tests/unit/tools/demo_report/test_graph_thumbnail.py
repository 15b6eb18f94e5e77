"""The thumbnails of workflows that need a checkpoint show their graphs, as they are now."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from hrv_pack.tools.demo_report.graph_thumbnail import FAMILIES, for_help, shown_in_help, thumbnail
from hrv_pack.tools.host import ROOT

PATHS = [p for p in sorted((ROOT / "workflows").glob("*.json")) if not p.stem.startswith("demo")]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_thumbnail_is_its_workflows_graph(path):
    family = FAMILIES[path.stem.partition("-")[0]]
    drawn = np.asarray(thumbnail(json.loads(path.read_text("utf-8")), family), np.float32)
    with Image.open(path.with_suffix(".jpg")) as kept:
        found = np.asarray(kept.convert("RGB"), np.float32)
    assert found.shape == drawn.shape
    assert np.abs(found - drawn).mean() < 2, "draw it anew: make thumbnails"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_page_can_offer_the_checkpoint(path):
    nodes = json.loads(path.read_text("utf-8"))["nodes"]
    (loader,) = [node for node in nodes if node["type"] == "CheckpointLoaderSimple"]
    (model,) = loader["properties"]["models"]
    assert [model["name"]] == loader["widgets_values"]
    assert model["directory"] == "checkpoints" and model["url"].startswith("https://")


def test_help_pages_show_the_thumbnails_in_small():
    copies = shown_in_help()
    assert len(copies) > 3
    assert {path for path in (ROOT / "web" / "docs").iterdir() if path.suffix != ".md"} == {*copies}
    for copy in copies:
        with Image.open(copy) as kept:
            fresh = for_help(copy).convert("RGB")
            assert kept.size == fresh.size, "copy it anew: make thumbnails"
            apart = ImageStat.Stat(ImageChops.difference(kept.convert("RGB"), fresh)).mean
        assert max(apart) < 4, "copy it anew: make thumbnails"  # of 255, by compression
