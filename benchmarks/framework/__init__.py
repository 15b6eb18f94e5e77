"""What every experiment has in common: statistics, and node calls that several of them need.

`evidence` (the demo model, exact truth) and `real` (any checkpoint, judged by CLIP) are built on
it; it knows neither.
"""
