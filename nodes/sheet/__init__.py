"""HRV Sheet: images of a list, such as those of HRV Strength Sweep, on one captioned page.

`node.py` is the node, `entries.py` reads its lists; the page is drawn by hrv/draw/sheet.py.
"""
