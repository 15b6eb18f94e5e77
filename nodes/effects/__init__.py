"""Head effects of a model: the gradient with respect to the maps' rescale vector r.

`gradient.py` is the pass that gives it, `rescaling.py` puts r into the maps of the prompts'
tokens, `sampling.py` samples images with more conditionings at hand than the two that guide.
Features that measure heads import from here.
"""
