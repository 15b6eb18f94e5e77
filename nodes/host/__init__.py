"""All that touches the host's insides: patchers and their options, wrappers, samplers, weights.

A node adds `hooks` to a MODEL by `patching.add_hooks` and asks it by `model`; `stepping` and
`samplers` find a sampler's steps, `unet_call` whose rows a U-Net call has, and `gradient_pass` and
`gradients` let gradients through it. Every package of nodes/ may import from here; this one
imports hrv and `prompts.tag`, the tag it finds prompts by.
"""
