"""Transformer models as tables: what their text attention is called, and whose the rows are.

One module per family holds names of the host's classes and modules, and of some how a word alone
comes to the blocks; `family` says what such a table means, `registry` finds the one that a model
belongs to. `joint` and `stream` are the equations of joint attention. Imports torch and hrv alone.
"""
