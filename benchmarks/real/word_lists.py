"""What heads are weakened with: the lists and templates of Table 5 of arXiv 2412.02237.

As its authors publish them (SNU-DRL/HRV, hp_construct_prompts.ipynb), spelling included. Five
concepts have a second list, of words that are not among the HRV's concept-words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_THINGS = ("car", "bench", "bowl", "ballon", "ball")
_VESSELS = ("bowl", "cup", "table", "ball", "teapot")
_CLOTHS = ("T-shirt", "pillow", "wallpaper", "umbrella", "blanket")
_SCENES = ("castle", "mountain", "cityscape", "farmland", "forest")
_PETS = ("cat", "dog", "rabbit", "frog", "bird")


@dataclass(frozen=True)
class WordList:
    """Concept-words in a template with every one of the things; other: not of the HRV's words."""

    concept: str
    template: str
    listed: str
    things: tuple[str, ...] = ("",)
    other: bool = False

    @property
    def title(self) -> str:
        """Its line of the table."""
        return f"{self.concept}, other words" if self.other else self.concept

    def prompts(self) -> Iterator[tuple[str, str]]:
        """(concept-word, prompt) of every word with every thing, each word once before again."""
        for thing in self.things:
            for word in self.listed.split(", "):
                yield word, self.template.format(word=word, thing=thing)


WORD_LISTS: tuple[WordList, ...] = (
    WordList(
        "Color",
        "a {word} {thing}",
        "red, blue, green, yellow, black, white, purple, gray, pink, brown",
        _THINGS,
    ),
    WordList(
        "Weather Conditions", "a {thing} on a {word} day", "snowy, rainy, foggy, stormy", _PETS
    ),
    WordList(
        "Animals",
        "photo of a {word}",
        "cat, dog, rabbit, frog, bird, squirrel, deer, lion, penguin, horse",
    ),
    WordList(
        "Material",
        "a {thing} made of {word}",
        "glass, copper, marble, jade, gold, basalt, silver, clay, paper, leather",
        _VESSELS,
    ),
    WordList(
        "Image Style",
        "a {word} style painting of a {thing}",
        "cubist, pop art, steampunk, impressionist, black-and-white, watercolor, cartoon, "
        "minimalist, sepia, sketch",
        _SCENES,
    ),
    WordList(
        "Geometric Patterns",
        "a {thing} with a {word} pattern",
        "polka-dot, leopard, stripe, greek-key, plaid",
        _CLOTHS,
    ),
    WordList(
        "Nature Scenes",
        "photo of a {word}",
        "forest, desert, beach, waterfall, mountain, canyon, glacier, coral reef, jungle, lake",
    ),
    WordList(
        "Fruits and Vegetables",
        "photo of {word}",
        "lemons, bananas, apples, oranges, blueberries, carrots, broccoli, tomatoes, potatoes, "
        "grapes",
    ),
    WordList(
        "Furniture",
        "photo of a {word}",
        "bed, table, chair, sofa, recliner, bookshelf, dresser, wardrobe, coffee table, TV stand",
    ),
    WordList(
        "Animals",
        "photo of a {word}",
        "rabbit, frog, sheep, pig, chicken, dolphin, goat, duck, deer, fox",
        other=True,
    ),
    WordList(
        "Color",
        "a {word} {thing}",
        "coral, beige, violet, cyan, magenta, indigo, orange, turquoise, teal, khaki",
        _THINGS,
        other=True,
    ),
    WordList(
        "Material",
        "a {thing} made of {word}",
        "copper, marble, jade, gold, basalt, silver, clay, steel, tin, bronze",
        _VESSELS,
        other=True,
    ),
    WordList(
        "Fruits and Vegetables",
        "photo of {word}",
        "lemons, blueberries, onions, raspberries, pineapples, cherries, cucumbers, bell peppers, "
        "cauliflowers, mangoes",
        other=True,
    ),
    WordList(
        "Nature Scenes",
        "photo of a {word}",
        "glacier, coral reef, swamp, pond, fjord, rainforest, grassland, marsh, creek, island",
        other=True,
    ),
)
