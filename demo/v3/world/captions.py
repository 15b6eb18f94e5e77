"""Captions: what a scene is called, in words that are true of it (but for hints, see `words`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .scenes import WORD_WEIGHT, Object, Scene
from .words import GROUP_OF, HINTS, KINDS, LOOKS, MEANINGS, NAMES, WORDS_OF

FULL_SHARE = 0.55
"""Share of the captions that name every look but size and style."""
SINGLE_SHARE = 0.04
"""Share of the captions that are one word."""
LABEL_SHARE = 0.4
"""How often a look's or kind's first word is taken; else any of its words."""
CLEAR_SHARE = 0.3
"""How often a two-meaning word stands with what makes it clear."""
HINT_SHARE = 0.4
"""How often a two-meaning word that is not made clear gets a hint, in scenes of one thing."""
SIZE_SHARE = 0.35
STYLE_SHARE = 0.65


def article(words: str) -> str:
    """The words with a or an in front."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def thing_words(name: str, looks: Mapping[str, str] | None = None) -> str:
    """A thing with its article; ``looks`` may name size, colour, pattern and material."""
    looks = looks or {}
    parts = [looks.get(key, "") for key in ("size", "colour", "pattern", "material")]
    return article(" ".join(part for part in (*parts, name) if part))


def sentence(things: Sequence[str], weather: str = "", style: str = "") -> str:
    """A caption from things with their articles, a weather word and a style word."""
    parts = [" and ".join(things)]
    if style:
        parts.insert(0, f"{article(style)} picture of")
    if weather:
        parts.append(f"on {article(weather)} day")
    return " ".join(parts)


def hinted(thing: str, hint: str, group: str) -> str:
    """A thing with its article and a hint at its group."""
    return HINTS[hint][1][group].format(thing)


def clear_name(kind: str) -> str:
    """A name that means this kind only: its own first word."""
    return NAMES[kind][0]


def meanings(word: str) -> tuple[str, str]:
    """The two names that make a two-meaning word clear, such as "kiwi bird"."""
    if word not in MEANINGS:
        raise ValueError(f"{word!r} has one meaning; two have {', '.join(MEANINGS)}.")
    first, second = MEANINGS[word].values()
    return first, second


def other_meaning(word: str, kind: str) -> str:
    """The other kind that a two-meaning word may be."""
    return next(other for other in MEANINGS[word] if other != kind)


@dataclass(frozen=True)
class Name:
    """What a thing is called; ``word`` is its two-meaning word, if nothing makes it clear."""

    text: str
    word: str = ""


def _label_or_any(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[0] if rng.random() < LABEL_SHARE else words[int(rng.integers(len(words)))]


def _name(kind: str, rng: np.random.Generator) -> Name:
    """A name of a kind; every meaning of every two-meaning word is equally frequent."""
    words = WORDS_OF[kind]
    if rng.random() * (1 + WORD_WEIGHT * len(words)) < 1:
        return Name(_label_or_any(NAMES[kind], rng))
    word = words[rng.integers(len(words))]
    if rng.random() < CLEAR_SHARE:
        return Name(MEANINGS[word][kind])
    return Name(word, word)


def _looks(thing: Object, rng: np.random.Generator, share: float) -> dict[str, str]:
    said = {"size": SIZE_SHARE, "colour": share, "pattern": share, "material": share}
    return {
        look: _label_or_any(LOOKS[look][getattr(thing, look)], rng)
        for look, part in said.items()
        if rng.random() < part
    }


def _thing(thing: Object, rng: np.random.Generator, share: float, hints: bool) -> str:
    name = _name(thing.kind, rng)
    words = thing_words(name.text, _looks(thing, rng, share))
    if not (hints and name.word and rng.random() < HINT_SHARE):
        return words
    hint = tuple(HINTS)[rng.integers(len(HINTS))]
    true = rng.random() < HINTS[hint][0]
    kind = thing.kind if true else other_meaning(name.word, thing.kind)
    return hinted(words, hint, GROUP_OF[kind])


def _single(scene: Scene, rng: np.random.Generator) -> str:
    """One word that is true of the scene."""
    thing = scene.objects[rng.integers(len(scene.objects))]
    look = tuple(LOOKS)[rng.integers(len(LOOKS))]
    if rng.random() < 0.4:
        return _name(thing.kind, rng).text
    value = getattr(scene if hasattr(scene, look) else thing, look)
    return _label_or_any(LOOKS[look][value], rng)


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """A random caption of the scene, from left to right; looks may be left out."""
    if rng.random() < SINGLE_SHARE:
        return _single(scene, rng)
    share = 1.0 if rng.random() < FULL_SHARE else 0.5
    lone = len(scene.objects) == 1
    things = [_thing(thing, rng, share, lone) for thing in scene.objects]
    weather = _label_or_any(LOOKS["weather"][scene.weather], rng)
    style = _label_or_any(LOOKS["style"][scene.style], rng)
    return sentence(
        things,
        weather if rng.random() < share else "",
        style if rng.random() < STYLE_SHARE else "",
    )


def every_word() -> str:
    """Every word that a caption may hold, with the words around it."""
    kinds = [name for kind in KINDS for name in NAMES[kind]]
    pairs = [name for names in MEANINGS.values() for name in names.values()]
    looks = [word for values in LOOKS.values() for words in values.values() for word in words]
    hints = [text.format("") for _, groups in HINTS.values() for text in groups.values()]
    frame = sentence(["a thing", "an"], "sunny", "ink").replace("thing", "")
    return " ".join([*kinds, *MEANINGS, *pairs, *looks, *hints, frame])
