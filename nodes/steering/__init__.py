"""Concept Strengthen, Concept Adjust and Ordered Weaken.

`nodes` has their faces, `steering` what they share, and `rescale` the hook that multiplies the
maps of words. Only `nodes.extension` imports the nodes; benchmarks may import the rest.
"""
