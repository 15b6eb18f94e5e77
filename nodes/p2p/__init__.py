"""P2P-HRV Edit and P2P Split.

`nodes` has their faces; `pairs` makes and separates batches of source and target; `pair_edit` (with
`cross_replace` and `self_replace`) and `local_blend` are the hooks, and `pair_rows` finds the pairs
in a U-Net call. Only `nodes.extension` imports the nodes.
"""
