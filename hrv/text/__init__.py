"""Words of a prompt and their tokens: splitting, spelling, finding and pairing them.

It knows CLIP's tokens and no model. The prompts of the nodes, Prompt-to-Prompt and the messages
about names that are not there are built on it.
"""
