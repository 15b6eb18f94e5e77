"""HRV Steer."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io, ui

from ...hrv.relevance import HeadRelevance
from ..library.choices import AUTO, listing
from ..shared.images import SHOWN_AGAIN
from ..shared.inputs import CATEGORY
from ..shared.notify import node_id
from .before import Typed, complaint
from .inputs import steer_inputs
from .request import Fields, read_fields
from .steer import Means, steer


class HRVSteer(io.ComfyNode):
    """A prompt whose words are read as they are meant: the other nodes' parts in one."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVSteer",
            display_name="HRV Steer",
            category=CATEGORY,
            description="The node to begin with: type the prompt, a word that is misread, and what "
            "it should mean. Connect both outputs to the sampler. No words are added to the "
            "prompt; with strength 0 the image is exactly the plain one.",
            search_aliases=[
                "ambiguous word",
                "ambiguous words",
                "two meanings",
                "word with two meanings",
                "misread word",
                "misread words",
                "steer",
                "concept",
            ],
            inputs=steer_inputs(),
            outputs=[
                io.Model.Output(tooltip="The steered model, for the sampler."),
                io.Conditioning.Output(tooltip="The prompt, for the sampler's positive."),
            ],
            hidden=[io.Hidden.unique_id],
            **SHOWN_AGAIN,
        )

    @classmethod
    def validate_inputs(
        cls,
        text: str | None = None,
        word: str | None = None,
        read_as: str | None = None,
        not_as: str | None = None,
        more_words: str | None = None,
    ) -> bool | str:
        """Whether the fields say something, and the prompt has the words that are typed."""
        return complaint(Typed(text, word, read_as, not_as, more_words)) or True

    @classmethod
    def fingerprint_inputs(cls, **_fields: Any) -> str:
        """Changes with any HRV file, so that auto finds new ones."""
        return listing()

    @classmethod
    def execute(
        cls,
        model: Any,
        clip: Any,
        text: str,
        preset: str,
        word: str,
        read_as: str,
        not_as: str,
        strength: float,
        more_words: str,
        vectors: str = AUTO,
        hrv: HeadRelevance | None = None,
    ) -> io.NodeOutput:
        fields = Fields(text, preset, word, read_as, not_as, strength, more_words)
        means = Means(vectors, hrv, node_id(cls))
        steered = steer(model, clip, read_fields(fields), means)
        said = ui.PreviewText(steered.said)
        return io.NodeOutput(steered.model, steered.conditioning, ui=said)
