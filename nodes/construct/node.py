"""HRV Construct: head relevance vectors for your own model and your own concepts."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io, ui

from ...hrv.construct.algorithm import VoteRule
from ...hrv.construct.concepts import parse_concepts, shared_words
from ...hrv.draw.heat_maps import heat_map
from ..library.concept_lists import run_path
from ..shared.images import to_image
from ..shared.inputs import CATEGORY, HRV
from ..shared.notify import node_id, show_text, warn_all
from .inputs import construct_inputs, listed_prompts, read_recipe
from .progress import Reporter
from .run import Construction
from .settings import MEASURED, Batching, ConstructSettings, Sampling


class HRVConstruct(io.ComfyNode):
    """Makes head relevance vectors: heads vote between concepts, or what they do is measured."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVConstruct",
            display_name="HRV Construct",
            category=CATEGORY,
            search_aliases=["make vectors", "votes of heads", "head relevance", "own concepts"],
            description="Finds out which attention heads of your model know which concept: while "
            "images are made, every head votes for the concept it attends to most, or what each "
            "head does to a concept is measured.",
            inputs=construct_inputs(),
            outputs=[
                HRV.Output(display_name="hrv", tooltip="For HRV Save and the HRV nodes."),
                io.Image.Output(display_name="heat_map", tooltip="Head relevance by concept."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        clip: Any,
        concepts: str,
        prompts_from: str,
        prompts: str,
        how_many: int,
        batch: int,
        seed: int,
        steps: int,
        cfg: float,
        sampler: str,
        scheduler: str,
        width: int,
        height: int,
        recipe: dict[str, Any] | str,
        run: str = "",
        stop_at: float = 0.0,
        exact: bool = True,
        parts: int = 1,
        vote: VoteRule = "highest",
    ) -> io.NodeOutput:
        words = parse_concepts(concepts)
        method, measuring = read_recipe(recipe, words)
        sampled: dict[str, Any] = {"seed": seed, "steps": steps, "cfg": cfg}
        sampled |= {"sampler": sampler, "scheduler": scheduler, "width": width, "height": height}
        settings = ConstructSettings(
            sampling=Sampling(**sampled),
            batching=Batching(size=batch, exact=exact),
            recipe=method,
            timestep_bins=parts,
            measuring=measuring,
            rule=vote,
        )
        listed = listed_prompts(prompts_from, prompts, how_many, words, settings)
        construction = Construction(model, clip, words, listed, settings, run_path(run))
        warn_all(shared_words(words) if method != MEASURED else ())
        construction.run(Reporter(node_id(cls)), stop_at)
        return finished(construction, node_id(cls))


def finished(construction: Construction, node: str | None) -> io.NodeOutput:
    """The HRV of a run and its heat map; how the halves agree, on the node."""
    record = construction.record
    relevance, concepts = record.relevance(), record.words.concepts
    agreement = record.agreement()
    summary = f"{record.done} {record.unit}; {agreement.summary(concepts)}"
    parts = (summary, construction.method.remarks(), agreement.table(concepts))
    text = "\n".join(part for part in parts if part)
    show_text(text, node)
    image = to_image(heat_map(relevance, None, dark=True))
    return io.NodeOutput(relevance, image, ui=ui.PreviewText(text))
