"""Tables of the segmentation: by choice of heads, by concept, by size of the object and prompt."""

from __future__ import annotations

from collections.abc import Sequence

from ..experiment import Table
from .choices import SegmentRow
from .head_choices import CHOSEN
from .scored import DAAM, MIDDLE, Pick, Scores, drawn, least, most


def means(scores: Scores, paper: Sequence[float]) -> Table:
    """mIoU at the paper's thresholds, and the area under the ROC curve."""
    picks = [("DAAM", DAAM), ("all", Pick("all", percent=100))]
    for name in scores.vectors:
        picks += [(f"most relevant {CHOSEN}%, {name}", most(name))]
        picks += [(f"least relevant {CHOSEN}%, {name}", least(name))]
    picks += [(f"random {CHOSEN}%, mean of {len(scores.roc(drawn()))}", drawn())]
    picks += [(f"an exact map of {s}", Pick("perfect", "", s, 100)) for s in scores.scopes]
    lines = []
    for label, pick in picks:
        cells = [label, str(scores.heads(pick) or "")]
        for threshold in paper:
            mean, (low, high) = scores.mean(scores.iou(pick, threshold))
            cells.append(f"{mean:.3f} [{low:.3f}, {high:.3f}]")
        mean, (low, high) = scores.mean(scores.roc(pick))
        lines.append([*cells, f"{mean:.3f} [{low:.3f}, {high:.3f}]"])
    header = ["heads", "number", *(f"mIoU at {t}" for t in paper), "area under ROC"]
    return {"title": "By choice of heads", "header": header, "rows": lines}


def by_part(scores: Scores, groups: Sequence[str]) -> list[Table]:
    """The same images apart by concept, by the object's size and by the kind of prompt."""
    sizes = list(dict.fromkeys(row["size"] for row in scores.rows))
    concepts = {group: [r for r in scores.rows if r["group"] == group] for group in groups}
    rows = {f"{size}, bare prompt": _of(scores.rows, size, True) for size in sizes}
    rows |= {f"{size}, full prompt": _of(scores.rows, size, False) for size in sizes}
    return [
        _parts("concept", concepts, scores.vectors),
        _parts("object and prompt", rows, scores.vectors),
    ]


def _of(rows: Sequence[SegmentRow], size: str, bare: bool) -> list[SegmentRow]:
    return [row for row in rows if (row["size"], row["bare"]) == (size, bare)]


def _parts(what: str, parts: dict[str, list[SegmentRow]], vectors: Sequence[str]) -> Table:
    lines = []
    for label, rows in parts.items():
        if not rows:
            continue
        scores = Scores(rows)
        area = [share for row in rows for share in row["area"]]
        daam = scores.iou(DAAM)
        cells = [label, str(len(area)), f"{sum(area) / len(area):.0%}", f"{daam.mean():.3f}"]
        for name in vectors:
            found = scores.iou(most(name))
            gain, (low, high) = scores.mean(found - daam)
            cells += [f"{found.mean():.3f}, {gain:+.3f} [{low:+.3f}, {high:+.3f}]"]
            cells += [f"{scores.iou(least(name)).mean():.3f}"]
        areas = (f"{scores.roc(pick).mean():.3f}" for pick in (DAAM, *map(most, vectors)))
        lines.append([*cells, *areas])
    header = [what, "images", "object", "DAAM"]
    for name in vectors:
        header += [f"most relevant, {name}; to DAAM", f"least relevant, {name}"]
    header += ["ROC, DAAM", *(f"ROC, most relevant, {name}" for name in vectors)]
    title = f"By {what}: mIoU at threshold {MIDDLE}, then areas under ROC"
    return {"title": title, "header": header, "rows": lines}
