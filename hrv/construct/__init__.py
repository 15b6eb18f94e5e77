"""HRVs from votes: concepts and prompts, Algorithm 1, the record of a run, merging, agreement.

Everything is counted and added up here without a host and without a file. hrv.files keeps what
this package makes; nodes.construct and tools.construct let a model vote.
"""
