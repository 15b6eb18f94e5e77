"""What each head does to a word, measured by gradients instead of voted: the pack's own method.

Pure torch. Neither of the two papers has it. `effect.py` has the equations, `steer.py` what a
measured vector steers with, `readings.py` the prompts of a word's meanings, `record.py` the
HeadRelevance of a measurement. Any package may import from here.
"""
