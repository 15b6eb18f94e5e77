"""What is known of a family of transformers: where its image reads its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from torch import Tensor, nn

from ..heads import CrossAttentionLayer, HeadTable, Stage
from ..resolution import Size, side
from .stream import Embedded, Stream


@dataclass(frozen=True)
class Family:
    """Names of the host's classes and modules, by which the layers are found.

    name: its `HeadTable.architecture`, which is written into files; classes: of the diffusion
    model; where: path of something in the model that tells it from others of its class; kin: what
    those others are called, which the pack does not know; blocks: (stage, path of the list of
    blocks), in call order; attention: path in a block of the module in whose forward the text
    attention runs, and nothing else of that kind; heads: in that module, their number; values: in
    it, the projection of the text's values, or empty where text and image attend jointly, the text
    first; queries, keys: in it, what gives them as they are compared, where it has values;
    projected: in it, what makes of the text what `keys` is given; text: path in the model of what
    each token of a context goes through before the blocks; patch: path in the model of the side of
    its patches of the latent, or of (frames, height, width); streams: whether words may stand
    behind the prompt in a context; unless: path in the model of what forbids it; embed: where they
    may not, embed(model, words) for its blocks; padded_to: path
    in the model of the number of which the text's length there is made a multiple; pads_left:
    whether the host lengthens a context in front; refused: what the host calls reference images
    that it mixes with the image to be made, so that its rows are not known. (Where it counts their
    rows, they stand last.)
    """

    name: str
    classes: frozenset[str]
    blocks: tuple[tuple[Stage, str], ...]
    attention: str
    heads: str
    values: str = ""
    queries: str = ""
    keys: str = ""
    projected: str = ""
    text: str = ""
    patch: str = "patch_size"
    streams: bool = False
    unless: str = ""
    embed: Callable[[Any, Stream], Embedded] | None = None
    where: str = ""
    kin: str = ""
    padded_to: str = ""
    pads_left: bool = False
    refused: tuple[str, ...] = ()

    @property
    def joint(self) -> bool:
        """Whether text and image attend jointly, in one sequence."""
        return not self.values

    def owns(self, model: object) -> bool:
        """Whether a diffusion model is of this family."""
        return type(model).__name__ in self.classes and (
            not self.where or bool(at(model, self.where))
        )

    def takes_words(self, model: object) -> bool:
        """Whether a joint model has a concept stream (`stream`)."""
        forbidden = self.unless and bool(at(model, self.unless))
        return self.embed is not None or (self.streams and not forbidden)

    def modules(self, model: object) -> list[nn.Module]:
        """The blocks in call order."""
        return [block for _, path in self.blocks for block in at(model, path)]

    def layers(self, model: object) -> tuple[CrossAttentionLayer, ...]:
        """The layers in which the image reads the text, in call order."""
        found = []
        for stage, path in self.blocks:
            for number, block in enumerate(at(model, path)):
                module = at(block, self.attention)
                heads = int(getattr(module, self.heads))
                key = (path, number)
                names = (self.values, self.queries, self.keys)
                found.append(CrossAttentionLayer(stage, number, heads, key, 0, module, *names))
        return tuple(found)

    def keys_of(self, model: object, layer: CrossAttentionLayer, tokens: Tensor) -> Tensor:
        """The keys (K, h*d) of a cross-attention, of tokens (K, width) of a context."""
        embedded = at(model, self.text)(tokens) if self.text else tokens
        projected = getattr(layer.attention, self.projected)(embedded)
        norm = getattr(layer.attention, self.keys)
        weight = getattr(norm, "weight", None)
        by_head = weight is not None and weight.shape[-1] * layer.heads == projected.shape[-1]
        if by_head and layer.heads > 1:
            projected = projected.unflatten(-1, (layer.heads, -1))
        keys: Tensor = norm(projected)
        return keys.flatten(1)

    def head_table(self, model: object) -> HeadTable:
        """The ordered heads of a model of this family."""
        return HeadTable(tuple((x.stage, x.layer, x.heads) for x in self.layers(model)), self.name)

    def size(self, model: object, latent: Size) -> Size:
        """The size at which a model of this family sees a frame of a latent of this size."""
        patch = at(model, self.patch)
        across = patch[-1] if isinstance(patch, (tuple, list)) else patch
        return side(latent[0], int(across)), side(latent[1], int(across))

    def text_length(self, model: object, context: int) -> int:
        """How many rows of a joint sequence are text, of a context of so many tokens."""
        multiple = at(model, self.padded_to) if self.padded_to else None
        return context if not multiple else -(-context // int(multiple)) * int(multiple)


def at(thing: object, path: str) -> Any:
    """What stands at a path of attributes such as "params.depth"; the thing itself at ""."""
    return reduce(
        lambda each, name: getattr(each, name, None), filter(None, path.split(".")), thing
    )
