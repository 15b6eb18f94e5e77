"""HRV Measure: which heads turn a word towards a reading, measured by gradients.

`hook.py` has the measurement at one step, `run.py` the samplings it is taken from, `readings.py`
the conditionings of the word's readings, `node.py` the node. Nothing else imports from here.
"""
