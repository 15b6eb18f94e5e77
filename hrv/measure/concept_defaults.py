"""Templates to begin with: a line for each concept, as photographs are asked for.

The paper's 34 concepts have lines of their own. Those that name things share the place of the
thing, so that a word is swapped for one of any of them: a cat for a dog, or for a car.
"""

from __future__ import annotations

from ..construct.concepts import ConceptWords
from .concept_prompts import OBJECT

_THINGS = (
    "Animals, Plants, Fruits and Vegetables, Fruits, People, Vehicles, Buildings, Furniture, "
    "Electronics, Clothing, Accessories, Tools, Toys, Food and Beverages, Books and Documents, "
    "Sports Equipment, Musical Instruments"
)
_THING = "THING"  # stands for the place of all things in the lines below
_LINES = f"""
Written Characters: a sign that shows the {{Written Characters}}
Color: a photo of a {{Color}} {_THING}
Shape: a photo of a {{Shape}} box on a table
Texture: a photo of a {{Texture}} {_THING}
Size: a photo of a {{Size}} {_THING}
Counting: a photo of {{Counting}} apples on a table
Image Style: a {_THING}, {{Image Style}}
Material: a photo of a {{Material}} {_THING}
Lighting Conditions: a photo of a {_THING}, {{Lighting Conditions}}
Facial Expressions: a portrait of a {{Facial Expressions}} person
Facial Features: a portrait of a person with {{Facial Features}}
Poses and Gestures: a photo of a person, {{Poses and Gestures}}
Nature Scenes: a photo of a landscape with a {{Nature Scenes}}
Weather Conditions: a photo of a {_THING}, {{Weather Conditions}}
Time of Day: a photo of a {_THING} at {{Time of Day}}
Geo-locations: a photo of a street in {{Geo-locations}}
Brand Logos: a photo of a sign with the {{Brand Logos}} logo
Geometric Patterns: a photo of a {_THING}, {{Geometric Patterns}} pattern
"""


def default_templates(words: ConceptWords) -> str:
    """Templates that have a place for every concept, one per line."""
    things = {name.casefold() for name in _THINGS.split(", ")}
    own = [name for name in words.concepts if name.casefold() in things]
    place = "{" + ("|".join(own) or OBJECT) + "}"
    known = dict(line.split(": ", 1) for line in _LINES.strip().splitlines())
    by_name = {name.casefold(): line for name, line in known.items()}
    found = []
    for name in words.concepts:
        if name not in own:
            line = by_name.get(name.casefold(), f"a photo of a {{{name}}}")
            found.append(line.replace(_THING, place))
    if own and not any(place in line for line in found):
        found.append(f"a photo of a {place}")
    return "\n".join(found)
