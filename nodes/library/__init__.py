"""HRV files and lists on disk, and the nodes that load, save and show them.

`folders` knows where HRV files lie, `choices` what can be loaded, `concept_lists` the sets of
concepts, prompts and runs, and `menus` the inputs that list concepts. Every package of nodes/ may
import these four; the nodes only `nodes.extension`.
"""
