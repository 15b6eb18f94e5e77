"""HRV Prompt and HRV Tag Prompt: conditionings whose words can be found again."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ...hrv.text.pieces.placed import PlacedTable
from ...hrv.text.untrusted import require_whole_characters
from ..shared.inputs import CATEGORY
from ..shared.marks import PROMPT_TEXT
from ..shared.notify import node_id
from .encoding import encoded, identity, require_clip
from .tag import read_prompt, tag


class HRVPrompt(io.ComfyNode):
    """Drop-in for CLIP Text Encode that remembers where each word stands."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVPrompt",
            display_name="HRV Prompt",
            category=CATEGORY,
            search_aliases=["text encode", "positive prompt", "words", "tokens"],
            description="Encodes a prompt like CLIP Text Encode and keeps track of the tokens of "
            "each word, so that HRV nodes can steer individual words.",
            inputs=[
                io.String.Input(
                    "text",
                    multiline=True,
                    dynamic_prompts=True,
                    extra_dict=PROMPT_TEXT,
                    tooltip="What the image shows. Weights such as (word:1.2), embeddings "
                    "and long prompts work as usual.",
                ),
                io.Clip.Input("clip", tooltip="The CLIP of your checkpoint."),
            ],
            outputs=[io.Conditioning.Output(tooltip="For the sampler and for HRV nodes.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, text: str, clip: Any) -> io.NodeOutput:
        return io.NodeOutput(encoded(clip, text, node_id(cls)))


class HRVTagPrompt(io.ComfyNode):
    """Adds the token table to a CONDITIONING that another node encoded."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVTagPrompt",
            display_name="HRV Tag Prompt",
            category=CATEGORY,
            search_aliases=["text encode", "tokens", "any text encoder"],
            description="Makes a prompt that another node encoded usable with HRV nodes. Enter "
            "exactly the text that was encoded and use the same CLIP.",
            inputs=[
                io.Conditioning.Input(
                    "conditioning", tooltip="The prompt as the other node encoded it."
                ),
                io.Clip.Input("clip", tooltip="The CLIP that encoded it."),
                io.String.Input(
                    "text",
                    multiline=True,
                    tooltip="Exactly the text that was encoded.",
                    extra_dict=PROMPT_TEXT,
                ),
            ],
            outputs=[io.Conditioning.Output(tooltip="The same prompt, ready for HRV nodes.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, conditioning: Any, clip: Any, text: str) -> io.NodeOutput:
        require_clip(clip)
        require_whole_characters(text)
        prompt = read_prompt(clip, clip.tokenize(text), text, identity(node_id(cls), text))
        lengths = [t.length for t in prompt.tables if not isinstance(t, PlacedTable)]
        length = max(lengths, default=0)  # other encoders drop rows, which `tag` allows for
        for embedding, _ in conditioning:
            if embedding.shape[1] < length:
                raise ValueError(
                    f"The text has {length} token positions but the conditioning has only "
                    f"{embedding.shape[1]}. Give HRV Tag Prompt exactly the text that was encoded."
                )
        return io.NodeOutput(tag(conditioning, prompt))
