"""HRV files and lists on disk, and the nodes that load, save and show them.

`folders` knows where HRV files are stored, `choices` what can be loaded, `fitting` which of it
belongs to a model, `compatibility` refuses the rest, `concept_lists` has the sets of concepts,
prompts and runs, and `menus` the inputs that list concepts. Every package of nodes/ may import
these six; the nodes only `nodes.extension`.
"""
