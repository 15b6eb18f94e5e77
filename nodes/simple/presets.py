"""Readings to choose instead of typing them."""

from __future__ import annotations

from ...hrv.text.inline import WordReading

NONE = "none"
PRESETS = {
    # the prompts of the HRV paper's table 7 that its text names
    "lavender is a color": WordReading("lavender", "Color", "Plants"),
    "rose-colored is a color": WordReading("rose-colored", "Color", "Plants"),
    "Apple is a brand": WordReading("Apple", "Brand Logos", "Fruits and Vegetables"),
    "nut is a tool": WordReading("nut", "Tools", "Food and Beverages"),
    # measured on the spot
    "mouse is a computer mouse": WordReading("mouse", "computer mouse", "mouse animal"),
    "mouse is an animal": WordReading("mouse", "mouse animal", "computer mouse"),
    "crane is a bird": WordReading("crane", "crane bird", "crane truck"),
    "crane is a truck": WordReading("crane", "crane truck", "crane bird"),
}
"""What each choice of the menu asks for, with the node's own strength."""
