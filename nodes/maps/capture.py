"""HRV Capture: keep every head's attention maps of a prompt while an ordinary sampler runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from comfy_api.latest import io

from ...hrv.attention import probabilities
from ...hrv.heads import CrossAttentionLayer, HeadTable
from ...hrv.maps import HeadMaps, LayerMaps
from ..host.patching import Call, Run, add_edits, model_heads
from ..prompts.tag import Prompt, prompts_of
from ..shared.inputs import CATEGORY, model_input
from ..shared.notify import node_id, warn
from .preview import MapPreview

MAPS = io.Custom("HRV_MAPS")
KEEP_ON = ["sampling device", "CPU"]
KEPT_SAMPLINGS = 4
KEPT_BYTES = 200 * 2**20


class CapturedMaps:
    """What an HRV Capture saw: the maps of its last few samplings, each with its LATENT.

    ComfyUI keeps older pictures and does not sample them again, so maps are found by the LATENT
    they belong to. The last few are kept on the CPU, within KEPT_BYTES.
    """

    def __init__(self, prompts: list[Prompt], heads: HeadTable) -> None:
        self.prompts, self.heads = prompts, heads
        self._kept: list[tuple[torch.Tensor, HeadMaps]] = []

    @property
    def tokens(self) -> int:
        """How many tokens are captured: the semantic tokens of all prompts in a row."""
        return sum(len(prompt.semantic) for prompt in self.prompts)

    def first_token(self, prompt_id: str) -> int:
        """The number of a prompt's first token among all captured ones."""
        names = [prompt.id for prompt in self.prompts]
        return sum(len(p.semantic) for p in self.prompts[: names.index(prompt_id)])

    def columns(self, words: str) -> list[int]:
        """Numbers of the words' tokens, all occurrences; ValueError lists the prompt's words."""
        found: list[int] = []
        failures = []
        for prompt in self.prompts:
            try:
                positions = prompt.find(words)
            except ValueError as error:
                failures.append(error)
                continue
            first = self.first_token(prompt.id)
            found += [first + prompt.semantic.index(position) for position in positions]
        if not found:
            raise failures[0]
        return found

    def keep(self, latent: torch.Tensor, maps: HeadMaps) -> None:
        """Keep the maps of a finished sampling, and forget the oldest beyond the limits."""
        self._kept.append((latent.cpu(), maps.to("cpu")))
        self.make_room(0, KEPT_SAMPLINGS)

    def make_room(self, size: int, samplings: int = KEPT_SAMPLINGS - 1) -> None:
        """Forget the oldest samplings until `size` more bytes fit."""
        while len(self._kept) > max(1, samplings) or (
            len(self._kept) > 1 and size + sum(m.nbytes for _, m in self._kept) > KEPT_BYTES
        ):
            del self._kept[0]

    def of(self, latent: torch.Tensor) -> HeadMaps:
        """The maps of the sampling that made this LATENT (I, channels, height, width)."""
        if not self._kept:
            raise ValueError(
                "These maps have seen no sampling step. Wire HRV Capture's MODEL into the sampler "
                "whose LATENT you give here, and its prompt as positive."
            )
        for made, maps in reversed(self._kept):
            if made.shape == latent.shape and torch.equal(made.to(latent.dtype), latent.cpu()):
                return maps
        raise ValueError(
            "These maps belong to another sampling than this LATENT. Wire in the LATENT just as "
            "it leaves the sampler that runs HRV Capture's MODEL; after P2P-HRV Edit, the latent "
            f"of P2P Split that shows the watched prompt. The last {KEPT_SAMPLINGS} "
            "samplings are kept at most; to sample an older picture again, change the sampler's "
            "seed and change it back."
        )

    def word(self, latent: torch.Tensor, words: str) -> tuple[HeadMaps, list[LayerMaps]]:
        """All maps of a sampling, and the words' own."""
        columns = self.columns(words)
        maps = self.of(latent)
        return maps, maps.means(columns)


@dataclass(frozen=True)
class Part:
    """Batch rows of a UNet call that belong to one prompt, and that prompt's own length.

    pictures: which of the sampled pictures they are; all, unless prompts take turns.
    """

    rows: slice
    pictures: slice
    prompt: Prompt
    length: int


class Capture:
    """The edit that changes nothing: it reads `to_q` and `to_k` beside the host's attention."""

    label = "HRV Capture"
    only_watches = True

    def __init__(
        self,
        maps: CapturedMaps,
        keep_on: str = KEEP_ON[0],
        preview: MapPreview | None = None,
    ) -> None:
        self.maps, self.on_cpu, self.preview = maps, keep_on == "CPU", preview

    def prompts(self) -> Iterable[Prompt]:
        return self.maps.prompts

    def attach(self, call: Call) -> Iterable[Any]:
        mine = self._parts(call)
        if not mine:
            return []
        state = call.run.state(self)
        size = (call.x.shape[-2], call.x.shape[-1])
        noise = call.run.noise
        if noise is not None and noise.shape[-2:] != size:
            state["bypassed"] = "an area prompt"
            return []
        if "maps" not in state:
            state["maps"] = HeadMaps(call.heads, self.maps.tokens, size)
            state["pictures"] = mine[0].pictures
        # of a pair's prompts only one is watched: the other's maps belong to other pictures
        mine = [part for part in mine if part.pictures == state["pictures"]]
        handles: list[Any] = []
        for layer in call.layers:
            attention: Any = layer.attention
            remember, read = self._hooks(call, layer, mine)
            handles.append(attention.to_q.register_forward_hook(remember))
            handles.append(attention.to_k.register_forward_hook(read))
        return handles

    def _parts(self, call: Call) -> list[Part]:
        """The rows of this call that belong to the captured prompts."""
        prompts = {prompt.id: prompt for prompt in self.maps.prompts}
        return [
            Part(
                call.row_span(i),
                slice(chunk.turn, None, call.row_span(i).step),
                prompts[chunk.prompt_id],
                chunk.length,
            )
            for i, chunk in enumerate(call.chunks)
            if chunk and chunk.prompt_id in prompts
        ]

    def finish(self, run: Run) -> None:
        state = run.state(self)
        if "bypassed" in state:
            warn(
                f"HRV Capture could not read {state['bypassed']}: the attention there has not the "
                "rows or the resolution of the whole picture. Prompts for an area have no map; "
                "connect a pack that changes the attention after HRV Capture."
            )
        elif "maps" not in state:
            warn("HRV Capture saw no step: its prompt was never active in this sampling.")
        if "maps" in state:
            self.maps.keep(run.result[state["pictures"]], state["maps"])
            if self.preview:
                self.preview.finish(state["maps"])

    def _hooks(
        self, call: Call, layer: CrossAttentionLayer, mine: list[Part]
    ) -> tuple[Callable[..., None], Callable[..., None]]:
        queries: list[torch.Tensor] = []

        def remember(_module: Any, _args: Any, q: torch.Tensor) -> None:
            queries[:] = [q]

        def read(_module: Any, _args: Any, k: torch.Tensor) -> None:
            if queries:
                with torch.no_grad():
                    self._read(call, layer, mine, queries.pop(), k)

        return remember, read

    def _read(
        self, call: Call, layer: CrossAttentionLayer, mine: list[Part], q: Any, k: Any
    ) -> None:
        state = call.run.state(self)
        fits = q.shape[0] == k.shape[0] == call.rows and k.shape[1] >= call.tokens
        for part in mine if fits else ():
            maps = part_maps(part, layer, call.tokens, q, k)
            first = self.maps.first_token(part.prompt.id)
            maps = maps.cpu() if self.on_cpu else maps
            fits &= state["maps"].add(layer.stage, layer.layer, maps, first)
        if not fits:
            state["bypassed"] = f"{layer.stage} layer {layer.layer}"
        elif layer is call.layers[-1]:
            self.maps.make_room(state["maps"].nbytes)
            if self.preview:
                self.preview.after(call, state["maps"])


def part_maps(
    part: Part, layer: CrossAttentionLayer, tokens: int, q: torch.Tensor, k: torch.Tensor
) -> torch.Tensor:
    """Maps (I, heads, pixels, n) of a prompt's n semantic tokens; q, k are a layer's own.

    A context that the host repeated has every token several times; their maps add up.
    """
    own = part.prompt.semantic
    copies = range(0, tokens, part.length)
    positions = [start + position for start in copies for position in own]
    maps = probabilities(q[part.rows], k[part.rows], layer.heads, positions)
    if len(copies) == 1:
        return maps
    return maps.unflatten(-1, (len(copies), len(own))).sum(dim=-2)


class HRVCapture(io.ComfyNode):
    """Accumulates per-head attention maps of a prompt (arXiv 2604.05906, section 3)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVCapture",
            display_name="HRV Capture",
            category=CATEGORY,
            description="Watches where each word of a prompt goes while the sampler runs, head by "
            "head. The picture stays exactly the same. Look at the maps with Selective Attention "
            "Map or Misreading Diagnosis, and change word, concept and heads without sampling "
            "again.",
            inputs=[
                model_input(),
                io.Conditioning.Input(
                    "conditioning",
                    tooltip="The HRV Prompt to watch. Wire the same one into the sampler.",
                ),
                io.Combo.Input(
                    "keep_on",
                    options=KEEP_ON,
                    advanced=True,
                    tooltip="Where the maps lie while sampling: CPU saves memory of the GPU "
                    "(10 tokens: 9 MB on SD1.5 at 512x512, 66 MB on SDXL at 1024x1024).",
                ),
                io.String.Input(
                    "preview_word",
                    default="",
                    advanced=True,
                    tooltip="A word whose map, over all heads, grows on this node while the "
                    "sampler runs. Leave empty for none. Changing it samples again.",
                ),
            ],
            outputs=[
                io.Model.Output(tooltip="The watched model, for the sampler."),
                MAPS.Output(display_name="maps", tooltip="Filled while the sampler runs."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls, model: Any, conditioning: Any, keep_on: str = KEEP_ON[0], preview_word: str = ""
    ) -> io.NodeOutput:
        prompts = prompts_of(conditioning)
        if not any(prompt.semantic for prompt in prompts):
            raise ValueError("HRV Capture: the prompt is empty. Write a word to watch.")
        maps = CapturedMaps(prompts, model_heads(model))
        preview = None
        if preview_word.strip():
            preview = MapPreview(node_id(cls), maps.columns(preview_word))
        return io.NodeOutput(add_edits(model, [Capture(maps, keep_on, preview)]), maps)
