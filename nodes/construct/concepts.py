"""HRV Concepts and HRV Merge: what a construction starts from, and what several give together."""

from __future__ import annotations

from comfy_api.latest import io, ui

from ...hrv.construct.concepts import edited, format_concepts, shared_words
from ...hrv.construct.merging import add_up, merge_votes
from ...hrv.files.vote_file import load_votes
from ...hrv.relevance import HeadRelevance
from ..library import concept_lists as concept_library
from ..shared.inputs import CATEGORY, HRV
from ..shared.notify import node_id, show_text, warn_all

MERGED = 6


class HRVConcepts(io.ComfyNode):
    """Edits a set of concepts and their words as text."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVConcepts",
            display_name="HRV Concepts",
            category=CATEGORY,
            search_aliases=["concept list", "word list"],
            description="Edit a concept list for HRV Construct. Start from the paper's 34 "
            "concepts, a file or nothing, then add or replace concepts; each has a name and "
            "example words.",
            inputs=[
                io.Combo.Input(
                    "source",
                    options=concept_library.concept_sources(),
                    tooltip="What to start from. Files (.txt, .yaml, .csv, also the authors' "
                    "list) are looked for in models/hrv/concepts.",
                ),
                io.String.Input(
                    "text",
                    multiline=True,
                    default="Color: red, green, blue, yellow, purple\n"
                    "Animals: cat, dog, bird, fish, horse",
                    tooltip="One concept per line: Color: red, green, blue. A concept that the "
                    "source has too is replaced, others are added.",
                ),
                io.String.Input(
                    "remove",
                    default="",
                    tooltip="Concepts of the source to leave out, separated by commas.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="concepts", tooltip="For HRV Construct's concepts.")
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, source: str, text: str, remove: str = "") -> io.NodeOutput:
        words = edited(concept_library.concepts_of(source), text, remove)
        warn_all(shared_words(words))
        readable = format_concepts(words)
        show_text(readable, node_id(cls))
        return io.NodeOutput(readable, ui=ui.PreviewText(readable))


class HRVMerge(io.ComfyNode):
    """Adds up the votes of several runs, or averages what they measured, into one HRV."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVMerge",
            display_name="HRV Merge",
            category=CATEGORY,
            search_aliases=["add votes", "shards", "combine vectors"],
            description="Combines several HRV Construct runs of the same model and concepts into "
            "one HRV: votes are added up, measured vectors averaged.",
            inputs=[
                *(
                    HRV.Input(
                        f"hrv_{number}",
                        optional=number > 1,
                        tooltip="Vectors made by HRV Construct for the same model and concepts.",
                    )
                    for number in range(1, MERGED + 1)
                ),
                io.String.Input(
                    "shards",
                    multiline=True,
                    default="",
                    optional=True,
                    tooltip="Also these shards of one run: names of .votes files in "
                    "models/hrv/runs, one per line.",
                ),
            ],
            outputs=[HRV.Output(display_name="hrv", tooltip="The combined HRV.")],
        )

    @classmethod
    def execute(
        cls,
        hrv_1: HeadRelevance,
        hrv_2: HeadRelevance | None = None,
        hrv_3: HeadRelevance | None = None,
        hrv_4: HeadRelevance | None = None,
        hrv_5: HeadRelevance | None = None,
        hrv_6: HeadRelevance | None = None,
        shards: str = "",
    ) -> io.NodeOutput:
        connected = [hrv_1, hrv_2, hrv_3, hrv_4, hrv_5, hrv_6]
        every = [relevance for relevance in connected if relevance is not None]
        names = [name for name in shards.splitlines() if name.strip()]
        if names:
            paths = [concept_library.run_path(name) for name in names]
            every.append(merge_votes([load_votes(p) for p in paths if p]).relevance())
        return io.NodeOutput(add_up(every))
