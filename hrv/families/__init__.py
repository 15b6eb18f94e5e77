"""Transformer models as tables: what their text attention is called, and whose the rows are.

One module per family holds nothing but names of the host's classes and modules; `family` says what
such a table means, `registry` finds the one that a model belongs to. Imports torch and hrv alone.
"""
