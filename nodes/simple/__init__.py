"""HRV Steer, the one node to begin with, and HRV Strength Sweep, the same at several strengths.

`request.py` reads what the artist asks, `presets.py` has ready answers, `vectors.py` finds the
vectors that serve it, `on_the_spot.py` measures them where there are none, `steer.py` puts it all
together out of the parts of HRV Prompt, HRV Load, HRV Measure and Concept Adjust; `strengths.py`
makes a model for each strength. Nothing else imports from here but `nodes.extension`.
"""
