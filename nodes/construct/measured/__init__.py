"""Recipe measured of HRV Construct: what each head does to a concept, by gradients.

`method.py` samples the prompts that are drawn from templates, `hook.py` measures their steps.
"""
