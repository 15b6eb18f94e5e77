"""A&E-HRV: each word that is named is attended to somewhere in the image.

One step of it is `excite_step` in hrv/excite/algorithm.py, called before a sampler's step by
`Excite.before_step` in hook.py. Around it: `node` and `inputs` what an artist sees, `targets` the
tokens of the words, `gradient_passes` the passes that give losses and gradients, `loss_reader` and
`call_maps` what they read in the U-Net. Only nodes/extension.py imports from here.
"""
