"""Concept Strengthen, Concept Adjust, Ordered Weaken and Word Weight.

`nodes` and `word_weight` have their faces, `steering` what they share, and `rescale` the hook that
multiplies the maps of words. Only `nodes.extension` imports the nodes; benchmarks may import the
rest.
"""
