"""What is known of a family of transformers: where its image reads its text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

from ..heads import CrossAttentionLayer, HeadTable, Stage


@dataclass(frozen=True)
class Family:
    """Names of the host's classes and modules, by which the layers are found.

    name: its `HeadTable.architecture`, which is written into files; classes: of the diffusion
    model; where: path of something in the model that tells it from others of its class; kin: what
    those others are called, which the pack does not know; blocks: (stage, path of the list of
    blocks), in call order; attention: path in a block of the module in whose forward the text
    attention runs, and nothing else of that kind; heads: in that module, their number; values: in
    it, the projection of the text's values, or empty where text and image attend jointly, the text
    first; padded_to: path in the model of the number of which the text's length there is made a
    multiple; pads_left: whether the host lengthens a context in front; refused: what the host calls
    reference images that it mixes with the image to be made, so that its rows are not known. (Where
    it counts their rows, they stand last.)
    """

    name: str
    classes: frozenset[str]
    blocks: tuple[tuple[Stage, str], ...]
    attention: str
    heads: str
    values: str = ""
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

    def layers(self, model: object) -> tuple[CrossAttentionLayer, ...]:
        """The layers in which the image reads the text, in call order."""
        found = []
        for stage, path in self.blocks:
            for number, block in enumerate(at(model, path)):
                module = at(block, self.attention)
                heads = int(getattr(module, self.heads))
                found.append(
                    CrossAttentionLayer(
                        stage, number, heads, (path, number), 0, module, self.values
                    )
                )
        return tuple(found)

    def head_table(self, model: object) -> HeadTable:
        """The ordered heads of a model of this family."""
        return HeadTable(tuple((x.stage, x.layer, x.heads) for x in self.layers(model)), self.name)

    def text_length(self, model: object, context: int) -> int:
        """How many rows of a joint sequence are text, of a context of so many tokens."""
        multiple = at(model, self.padded_to) if self.padded_to else None
        return context if not multiple else -(-context // int(multiple)) * int(multiple)


def at(thing: object, path: str) -> Any:
    """What stands at a path of attributes such as "params.depth"; the thing itself at ""."""
    return reduce(
        lambda each, name: getattr(each, name, None), filter(None, path.split(".")), thing
    )
