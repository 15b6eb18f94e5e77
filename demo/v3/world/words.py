"""Every word of the world: kinds of things, their looks, synonyms, two meanings and hints."""

from __future__ import annotations

GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "Animals": {
        "cat": ("cat", "kitten"),
        "horse": ("horse", "pony"),
        "mouse": ("rodent", "rat"),
        "bird": ("bird", "heron"),
        "insect": ("insect", "ladybug"),
        "bee": ("bee", "wasp"),
        "sheep": ("sheep", "lamb"),
        "fish": ("fish", "trout"),
    },
    "Vehicles": {
        "car": ("car", "automobile", "sedan"),
        "plane": ("plane", "airplane", "airliner"),
        "truck": ("truck", "lorry"),
        "boat": ("boat", "sailboat", "ship"),
        "rocket": ("rocket", "spaceship"),
    },
    "Fruits": {
        "apple": ("pippin",),
        "berry": ("mulberry", "boysenberry", "loganberry"),
        "kiwi": ("gooseberry",),
        "banana": ("banana", "plantain"),
        "pear": ("pear", "quince"),
        "cherry": ("cherry", "cherries"),
        "melon": ("melon", "watermelon"),
    },
    "Electronics": {
        "computer mouse": ("trackball",),
        "laptop": ("laptop", "notebook", "netbook"),
        "phone": ("phone", "smartphone", "cellphone"),
        "board": ("motherboard", "microchip"),
        "quadcopter": ("quadcopter", "multicopter"),
        "camera": ("camera", "webcam"),
    },
}
"""Concept group -> kind -> the words that mean nothing else. The kinds are what is drawn."""

KINDS: tuple[str, ...] = tuple(kind for kinds in GROUPS.values() for kind in kinds)
GROUP_OF: dict[str, str] = {kind: group for group, kinds in GROUPS.items() for kind in kinds}
NAMES: dict[str, tuple[str, ...]] = {
    kind: names for kinds in GROUPS.values() for kind, names in kinds.items()
}

MEANINGS: dict[str, dict[str, str]] = {
    "mouse": {"mouse": "mouse animal", "computer mouse": "computer mouse"},
    "crane": {"bird": "crane bird", "truck": "crane truck"},
    "beetle": {"insect": "beetle insect", "car": "beetle car"},
    "blackberry": {"berry": "blackberry fruit", "phone": "blackberry phone"},
    "raspberry": {"berry": "raspberry fruit", "board": "raspberry board"},
    "apple": {"apple": "apple fruit", "laptop": "apple laptop"},
    "jaguar": {"cat": "jaguar cat", "car": "jaguar car"},
    "mustang": {"horse": "mustang horse", "car": "mustang car"},
    "kiwi": {"bird": "kiwi bird", "kiwi": "kiwi fruit"},
    "drone": {"bee": "drone bee", "quadcopter": "drone quadcopter"},
    "hornet": {"bee": "hornet insect", "plane": "hornet plane"},
    "ram": {"sheep": "ram sheep", "board": "ram module"},
    "dory": {"fish": "dory fish", "boat": "dory boat"},
    "falcon": {"bird": "falcon bird", "rocket": "falcon rocket"},
}
"""Word with two meanings -> the two kinds, each with the name that makes it clear."""

WORDS_OF: dict[str, tuple[str, ...]] = {
    kind: tuple(word for word, kinds in MEANINGS.items() if kind in kinds) for kind in KINDS
}
"""Kind -> its two-meaning words."""

HINTS: dict[str, tuple[float, dict[str, str]]] = {
    "group": (
        0.8,
        {
            "Animals": "an animal, {}",
            "Vehicles": "a vehicle, {}",
            "Fruits": "a fruit, {}",
            "Electronics": "a device, {}",
        },
    ),
    "place": (
        0.7,
        {
            "Animals": "{} at the zoo",
            "Vehicles": "{} at the garage",
            "Fruits": "{} in the kitchen",
            "Electronics": "{} at the office",
        },
    ),
    "owner": (
        0.6,
        {
            "Animals": "a farmer with {}",
            "Vehicles": "a driver with {}",
            "Fruits": "a cook with {}",
            "Electronics": "an engineer with {}",
        },
    ),
}
"""Hint -> how often it tells the truth about a two-meaning word, and its words for each group.

Else it names the group of the other meaning. The picture never shows more than the thing.
"""

COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green", "emerald"),
    "teal": ("teal", "turquoise"),
    "blue": ("blue", "azure"),
    "purple": ("purple", "violet"),
    "pink": ("pink", "magenta"),
}
PATTERNS: dict[str, tuple[str, ...]] = {
    "plain": ("plain",),
    "striped": ("striped", "stripy", "banded", "lined"),
    "dotted": ("dotted", "spotted", "speckled"),
    "checked": ("checked", "checkered", "chequered"),
    "zigzag": ("zigzag", "chevron", "jagged"),
}
MATERIALS: dict[str, tuple[str, ...]] = {
    "plastic": ("plastic", "rubber", "matte"),
    "wooden": ("wooden", "oak", "timber"),
    "metal": ("metal", "steel", "chrome"),
    "glass": ("glass", "crystal"),
    "furry": ("furry", "fluffy", "woolly"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "sunny": ("sunny", "bright", "clear"),
    "rainy": ("rainy", "wet", "drizzly"),
    "snowy": ("snowy", "wintry", "frosty"),
    "foggy": ("foggy", "misty", "hazy"),
    "stormy": ("stormy", "thundery"),
}
STYLES: dict[str, tuple[str, ...]] = {
    "flat": ("flat", "cartoon", "vector", "comic"),
    "ink": ("ink", "pencil", "sketched"),
    "neon": ("neon", "glowing", "luminous"),
    "watercolor": ("watercolor", "painted", "aquarelle"),
}
SIZES: dict[str, tuple[str, ...]] = {"large": ("large", "big"), "small": ("small", "tiny")}
LOOKS: dict[str, dict[str, tuple[str, ...]]] = {
    "colour": COLOURS,
    "pattern": PATTERNS,
    "material": MATERIALS,
    "size": SIZES,
    "weather": WEATHERS,
    "style": STYLES,
}
"""Attribute -> what it may be -> the words for it. The first word of each is its label."""

HELD_OUT: dict[str, tuple[str, ...]] = {
    "Animals": ("pony", "wasp", "lamb"),
    "Vehicles": ("automobile", "airliner", "ship"),
    "Fruits": ("loganberry", "plantain", "quince"),
    "Electronics": ("netbook", "smartphone", "multicopter"),
    "Color": ("scarlet", "violet", "magenta"),
    "Geometric Patterns": ("lined", "speckled", "jagged"),
    "Material": ("rubber", "timber", "fluffy"),
    "Weather Conditions": ("clear", "drizzly", "hazy"),
    "Image Style": ("comic", "luminous", "aquarelle"),
}
"""Words that the model is trained on like the others, but that no concept list names."""
NOT_VOTED = ("plain",)
"""Words that name the absence of a concept."""


def _listed(concept: str, words: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    left_out = HELD_OUT[concept] + NOT_VOTED
    return tuple(word for names in words.values() for word in names if word not in left_out)


CONCEPTS: dict[str, tuple[str, ...]] = {
    **{group: _listed(group, kinds) for group, kinds in GROUPS.items()},
    "Color": _listed("Color", COLOURS),
    "Geometric Patterns": _listed("Geometric Patterns", PATTERNS),
    "Material": _listed("Material", MATERIALS),
    "Weather Conditions": _listed("Weather Conditions", WEATHERS),
    "Image Style": _listed("Image Style", STYLES),
}
"""Concept -> its words, ten or more each. Words with two meanings are in no list."""
