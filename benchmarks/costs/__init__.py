"""What each feature costs in time and memory, measured side by side: `make bench` and its kin.

Every module is a command of its own. Only tests that need models of true size import from here.
"""
