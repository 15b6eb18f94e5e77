"""Images of HRVs show the right colour at the right head, in both themes, for any model."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from head_tables import SDXL

from hrv_pack.hrv.draw.canvas import DARK, LIGHT, Theme, colours
from hrv_pack.hrv.draw.head_grid import HeadGrid
from hrv_pack.hrv.draw.heat_maps import heat_map, relevance_level
from hrv_pack.hrv.draw.similarity import concept_similarity
from hrv_pack.hrv.draw.top_heads import top_heads_table
from hrv_pack.hrv.head_choice import top_heads
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.tools.host import ROOT

SMALL = HeadTable((("down", 0, 4), ("down", 1, 4), ("mid", 0, 4), ("up", 0, 4), ("up", 1, 2)))
NO_MIDDLE = HeadTable((("down", 0, 5), ("up", 0, 5), ("up", 1, 10)))


def relevance(heads: HeadTable = SMALL, count: int = 3) -> HeadRelevance:
    drawn = torch.rand(count, len(heads), generator=torch.Generator().manual_seed(5)) ** 4
    return HeadRelevance(
        concepts=tuple(f"Concept {i}" for i in range(count)),
        words=(("one", "two"),) * count,
        heads=heads,
        vectors=drawn * (len(heads) / drawn.sum(dim=1, keepdim=True)),
    )


IMAGES = {
    "one": lambda r, dark: heat_map(r, r.concepts[-1], dark),
    "all": lambda r, dark: heat_map(r, None, dark),
    "similarity": lambda r, dark: concept_similarity(r, dark),
    "table": lambda r, dark: top_heads_table(r, r.concepts[-1], 7, dark),
}


def rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", IMAGES)
def test_images_are_rgb_of_a_readable_size_on_their_theme(kind: str, dark: bool) -> None:
    for heads, count in ((SMALL, 1), (SMALL, 7), (NO_MIDDLE, 13), (SDXL, 34)):
        image = IMAGES[kind](relevance(heads, count), dark)
        assert image.dtype == np.uint8
        assert image.ndim == 3 and image.shape[2] == 3
        assert 700 <= image.shape[1] <= 1400
        assert 400 <= image.shape[0] <= 2000
        edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        assert (edge == rgb((DARK if dark else LIGHT).page)).all()


@pytest.mark.parametrize("kind", IMAGES)
def test_the_same_hrv_gives_the_same_image(kind: str) -> None:
    first, again = (IMAGES[kind](relevance(), False) for _ in range(2))
    assert np.array_equal(first, again)


def test_levels_put_neutral_in_the_middle_and_never_fall() -> None:
    values = np.linspace(0, 20, 4001)
    levels = relevance_level(values, 20.0)
    assert (np.diff(levels) > 0).all()
    for value, level in ((0, 0), (0.5, 0.25), (1, 0.5), (20, 1), (np.sqrt(20), 0.75), (99, 1)):
        assert relevance_level(np.array(value), 20.0) == pytest.approx(level)
    assert np.isnan(relevance_level(np.array(np.nan), 20.0))


@pytest.mark.parametrize("heads", [SMALL, NO_MIDDLE, SDXL])
def test_every_head_has_a_cell_of_its_own(heads: HeadTable) -> None:
    grid = HeadGrid(heads)
    spread = grid.spread(torch.arange(len(heads)))
    assert spread.shape == (grid.rows, grid.columns)
    assert sorted(spread[np.isfinite(spread)].tolist()) == list(range(len(heads)))
    for number, head in enumerate(heads):
        column, row = grid.cell(head)
        assert spread[row, column] == number
        assert row == head.head


@pytest.mark.parametrize("heads", [SMALL, NO_MIDDLE, SDXL])
def test_layers_run_in_call_order_with_gaps_between_places(heads: HeadTable) -> None:
    grid = HeadGrid(heads)
    columns = [grid.cell(head)[0] for head in heads]
    assert columns == sorted(columns)
    blocks = grid.blocks()
    assert [place for place, _, _ in blocks] == list(dict.fromkeys(p for p, _, _ in heads.layers))
    for (_, _, stop), (_, start, _) in pairwise(blocks):
        assert start > stop
        assert np.isnan(grid.spread(torch.ones(len(heads)))[:, stop:start]).all()


def cells_of(image: np.ndarray, colour: np.ndarray) -> int:
    return int((np.abs(image - np.round(colour[:3] * 255)).max(axis=-1) <= 1).sum())


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_colour_of_each_value_is_in_the_heat_map(theme: Theme) -> None:
    values = relevance()
    image = heat_map(values, "concept 1", theme is DARK).astype(float)
    vector = values.row("Concept 1").double().numpy()
    for value in vector:
        colour = colours(relevance_level(np.array(value), vector.max()), theme.relevance)
        assert cells_of(image, colour) > 1000


def runs(marks: np.ndarray) -> list[tuple[int, int]]:
    """(start, length) of each run of True."""
    edges = np.flatnonzero(np.diff(np.r_[0, marks.astype(int), 0])).reshape(-1, 2)
    return [(int(start), int(stop - start)) for start, stop in edges]


@pytest.mark.parametrize(
    ("heads", "names"),
    [
        (SMALL, ("down, layer: 0, head: 1", "up, layer: 1, head: 0")),
        (SDXL, ("mid, layer: 3, head: 17", "up, layer: 35, head: 9")),
    ],
)
def test_two_heads_that_trade_places_change_just_their_cells(
    heads: HeadTable, names: tuple[str, str]
) -> None:
    a, b = (heads.index(name) for name in names)
    vectors = torch.ones(1, len(heads))
    vectors[0, [a, b]] = torch.tensor([0.0, 0.5])  # neither is among the top heads
    vectors *= len(heads) / vectors.sum()
    first = HeadRelevance(("A",), ((),), heads, vectors)
    swapped = vectors.clone()
    swapped[0, [a, b]] = vectors[0, [b, a]]
    second = replace(first, vectors=swapped)
    changed = (heat_map(first, "A") != heat_map(second, "A")).any(axis=-1)
    cells = [HeadGrid(heads).cell(heads[i]) for i in (a, b)]
    for axis in (0, 1):
        places = sorted(cell[axis] for cell in cells)
        (start, size), (other, same) = runs(changed.any(axis=axis))
        pitch = (other - start) / (places[1] - places[0])
        assert size == same
        assert size <= pitch <= size + 2


def test_the_overview_shares_one_scale() -> None:
    values = relevance(count=2)
    top = float(values.vectors.max())
    image = heat_map(values).astype(float)
    for vector in values.vectors.double().numpy():
        for value in vector:
            colour = colours(relevance_level(np.array(value), top), LIGHT.relevance)
            assert cells_of(image, colour) > 100


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_below_and_above_neutral_stay_apart_for_the_colour_blind(kind: str, theme: Theme) -> None:
    seen = colours(np.array([0.0, 0.25, 0.5, 0.75, 1.0]), theme.relevance)[:, :3]
    seen = np.clip(seen**2.2 @ np.array(BLINDNESS[kind]).T, 0, 1) ** (1 / 2.2)
    for i in range(5):
        for j in range(i):
            assert np.linalg.norm(seen[i] - seen[j]) > 0.12


def test_a_table_too_long_for_an_image_is_an_error() -> None:
    with pytest.raises(ValueError, match="up to 60"):
        top_heads_table(relevance(SDXL), "Concept 0", 61)
    assert len(top_heads(relevance(SDXL), "Concept 0", 61)) == 61


def test_an_unknown_concept_lists_the_known_ones() -> None:
    for draw in (lambda r: heat_map(r, "Konzept 1"), lambda r: top_heads_table(r, "Konzept 1", 3)):
        with pytest.raises(ValueError, match="Concept 0, Concept 1, Concept 2"):
            draw(relevance())


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize(
    "name", ["$x_{$", "a\nb", "\\frac", "図形", "long " * 60 + "name", "%s {0}"]
)
@pytest.mark.parametrize("kind", IMAGES)
def test_any_concept_name_can_be_drawn(kind: str, name: str) -> None:
    IMAGES[kind](replace(relevance(), concepts=("A", "B", name)), True)


def test_drawing_leaves_pyplot_alone_and_importing_leaves_matplotlib_alone() -> None:
    drawing = sorted(path.stem for path in (ROOT / "hrv" / "draw").glob("[!_]*.py"))
    script = f"""
import importlib, sys, types
pack = types.ModuleType("hrv_pack"); pack.__path__ = [{str(ROOT)!r}]; sys.modules["hrv_pack"] = pack
for name in {drawing!r}:
    importlib.import_module("hrv_pack.hrv.draw." + name)
from hrv_pack.hrv import heads, relevance
from hrv_pack.hrv.draw import heat_maps
import torch
assert "matplotlib" not in sys.modules
table = heads.HeadTable((("down", 0, 2),))
heat_maps.heat_map(relevance.HeadRelevance(("A",), ((),), table, torch.ones(1, 2)))
assert "matplotlib" in sys.modules and "matplotlib.pyplot" not in sys.modules
assert "comfy" not in sys.modules
"""
    assert len(drawing) > 5
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_without_matplotlib_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(ValueError, match="pip install matplotlib"):
        heat_map(relevance())
