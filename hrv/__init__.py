"""Head relevance vectors: the science, in torch alone, with no import of the host.

Heads and their table, HRVs and the rescale vectors made from them, word maps, Prompt-to-Prompt and
the diagnosis lie here; what is made of several modules lies in packages. Nodes, demo, tools and
benchmarks import it; it imports none of them.
"""
