"""What a hook of a patched model is, and what it sees of a sampling and of the model's calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.families.registry import family_of, text_heads, text_layers
from ...hrv.heads import CrossAttentionLayer, HeadTable
from ..prompts.tag import Prompt
from .stepping import StepContext
from .transformer.joint import JointAttention

S = TypeVar("S")


def layer_name(layer: CrossAttentionLayer) -> str:
    """Such as "down layer 3", for messages."""
    return f"{layer.stage} layer {layer.layer}"


class Phase(IntEnum):
    """The order in which the hooks of one model act on a U-Net call."""

    RESCALE = 0  # of words' own maps
    EDIT = 1  # of a pair's maps, which the rescaled ones go into
    WATCH = 2  # what the others have made of them


@dataclass(frozen=True)
class PromptRows:
    """Whose the rows of one tagged prompt in a batch are, and that prompt's own length.

    shift: how many tokens the host has put in front of it; doubled: a token has two of them, one
    for its key and one for its value (CLIP NegPip).
    pair_id, member: of the two prompts of a pair, whose rows alternate, the pair and which it is.
    """

    prompt_id: str
    length: int
    pair_id: str = ""
    member: int = 0
    shift: int = 0
    doubled: bool = False


Placed = tuple[PromptRows, slice]
"""A prompt and its batch rows."""


@dataclass(frozen=True)
class Group:
    """One conditioning of a batch.

    length: of its embedding; members: the tagged prompt whose own it is, else None, of a pair both;
    behind: the tagged prompts that Conditioning Concat has put behind it.
    """

    length: int
    members: tuple[PromptRows | None, ...] = (None,)
    behind: tuple[PromptRows, ...] = ()


@dataclass(frozen=True)
class Known:
    """What a layer may be given to read, as directions (L, C), and the prompts in it.

    own, behind: its own prompts and those behind it; rows: of the call that have it, none for a
    prompt that no conditioning has.
    """

    directions: torch.Tensor
    own: tuple[PromptRows, ...] = ()
    behind: tuple[PromptRows, ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def whose(self) -> frozenset[str]:
        """The ids of all prompts in it."""
        return frozenset(one.prompt_id for one in (*self.own, *self.behind))

    @property
    def member(self) -> tuple[str, int]:
        """The pair that its own prompt is of, or "", and which of the two it is."""
        return next(((one.pair_id, one.member) for one in self.own), ("", 0))


class Run:
    """One sampling: what is known of it, and the state of each hook, thrown away after it.

    sigmas: the noise levels of its steps and the last one; noise: what it starts from; prompts:
    the tagged prompts that take part in it, by id. sought: those that no conditioning has, but
    that another pack may bring into the layers; met: the ids of all that layers have had so far.
    unread: of the conditionings that no evaluation had yet, what the host tells them apart by;
    first: the noise level of the first; ranges: whether one of those evaluated has a range.
    behind: prompts behind the embedding with this `id`.
    """

    def __init__(
        self,
        sigmas: torch.Tensor | None = None,
        noise: torch.Tensor | None = None,
    ) -> None:
        self.sigmas, self.noise = sigmas, noise
        self.prompts: dict[str, Prompt] = {}
        self.sought: dict[str, Prompt] = {}
        self.met: set[str] = set()
        self.unread: set[Any] = set()
        self.first: float | None = None
        self.ranges = False
        self.behind: dict[int, tuple[PromptRows, ...]] = {}
        self.result: Any = None  # the sampled latent, when `finish` is called
        self._states: dict[Hook[Any], Any] = {}
        self._layers: dict[int, tuple[tuple[CrossAttentionLayer, ...], HeadTable]] = {}
        self._empty: dict[int, tuple[torch.Tensor, bool]] = {}

    def state(self, hook: Hook[S]) -> S:
        """The hook's state in this sampling, made by the hook when it is first asked for."""
        if hook not in self._states:
            self._states[hook] = hook.new_state()
        state: S = self._states[hook]
        return state

    def layers(self, unet: Any) -> tuple[tuple[CrossAttentionLayer, ...], HeadTable]:
        """The layers in which a model's image reads the text and its head table, looked up once."""
        if id(unet) not in self._layers:
            self._layers[id(unet)] = (text_layers(unet), text_heads(unet))
        return self._layers[id(unet)]

    def is_empty(self, embedding: torch.Tensor) -> bool:
        """Whether an embedding is all zeros, looked up once: on a GPU each look waits for it."""
        if id(embedding) not in self._empty:
            self._empty[id(embedding)] = embedding, not bool(embedding.any())  # kept: ids recur
        return self._empty[id(embedding)][1]


@dataclass(frozen=True)
class Call:
    """One call of a U-Net or a transformer as the hooks see it.

    prompt_rows: the tagged prompt behind each of the spans, else None; spans: their batch rows,
    every second one for the members of a pair; rows: how many there are; tokens: length of the
    context after the host repeated shorter prompts; sigma: noise level; x: the U-Net's input
    (rows, channels, height, width), of a transformer the noisy latent; joint: of a transformer
    whose text and image attend jointly, its attentions.
    context: what is read (rows, tokens, C); groups: of a U-Net, whose rows they are; behind:
    prompts behind others, and their rows. queries: where `company.rows` found a layer to read other
    rows than its queries have, which of the queries read them.
    known: all that layers may be given to read, once asked for; found: what a layer read last, and
    the call as it sees that, None for this one; asking: the layer whose queries came last, and
    these. The last two have one entry at most.
    """

    layers: tuple[CrossAttentionLayer, ...]
    heads: HeadTable
    prompt_rows: tuple[PromptRows | None, ...]
    spans: tuple[slice, ...]
    rows: int
    tokens: int
    sigma: float
    x: torch.Tensor
    unet: Any
    run: Run
    joint: JointAttention | None = None
    context: torch.Tensor | None = None
    groups: tuple[Group, ...] = ()
    behind: tuple[Placed, ...] = ()
    queries: tuple[int, ...] = ()
    known: list[Known] = field(default_factory=list, compare=False)
    found: list[tuple[torch.Tensor, Call | None]] = field(default_factory=list, compare=False)
    asking: list[tuple[CrossAttentionLayer, torch.Tensor]] = field(
        default_factory=list, compare=False
    )

    def empty_output(self) -> torch.Tensor:
        """Zeros like what a U-Net returns, or like the prediction that a transformer leads to.

        Gradients are taken of these: of U-Nets inside of what the host scales.
        """
        channels = self.unet.out_channels if family_of(self.unet) is None else self.x.shape[1]
        shape = (len(self.x), channels, *self.x.shape[2:])
        return torch.zeros(shape, device=self.x.device)

    def tagged(self) -> Iterator[Placed]:
        """Each tagged prompt of the call with its batch rows."""
        for prompt, span in zip(self.prompt_rows, self.spans, strict=True):
            if prompt is not None:
                yield prompt, span

    def everywhere(self) -> Iterator[Placed]:
        """The same, and those that stand behind other prompts."""
        yield from self.tagged()
        yield from self.behind

    def may_have(self, prompt: Prompt) -> bool:
        """Whether it takes part in the call, or another pack may bring it in."""
        return prompt.id in self.run.sought or any(
            found.prompt_id == prompt.id for found, _ in self.everywhere()
        )


class Hook(Generic[S]):
    """Something that reads or changes what a model does while it samples.

    A hook is the same for every sampling: what it learns in one is an S, found by `run.state`.
    """

    label: str
    """Its name in messages."""
    phase: ClassVar[Phase] = Phase.RESCALE
    only_watches: ClassVar[bool] = False
    """It changes nothing, so that it is left out of passes with gradients."""
    on_transformers: ClassVar[bool] = False
    """It acts on every model of `hrv.families` too."""
    anywhere: ClassVar[bool] = False
    """Its prompts may stand behind others, or be those of regions alone."""
    acts_before_steps: ClassVar[bool] = False
    """Its `before_step` is to be called."""
    edits_denoised: ClassVar[bool] = False
    """Its `after_guidance` is to be called."""

    def new_state(self) -> S:
        """What the hook knows at the beginning of a sampling; a small dataclass."""
        raise NotImplementedError(f"{type(self).__name__} keeps no state: it has no new_state().")

    def prompts(self) -> Iterable[Prompt]:
        """The prompts that must take part in the sampling."""
        return ()

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        """Hook the layers for this call; the handles returned are removed after it."""
        return ()

    def before_step(self, run: Run, step: StepContext) -> None:
        """Called before the first evaluation of each step; may change `step.x` in place."""

    def after_guidance(self, run: Run, denoised: torch.Tensor) -> torch.Tensor:
        """The denoised latents (I, channels, height, width), changed or as they are."""
        return denoised

    def finish(self, run: Run) -> None:
        """Called after the sampling succeeded."""
