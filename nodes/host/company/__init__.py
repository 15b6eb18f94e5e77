"""Other packs inside the U-Net: prompts by region, halved contexts, compiled modules.

`rows` finds whose the rows are that a layer reads where they are not the call's own, among those
that `known` lists, as `alike` compares them; `behind` finds prompts that Conditioning Concat put
behind others; before the first step `reached` refuses what cannot be told apart, and `compiled`
what is compiled in parts. Only `nodes.host` and hooks that follow a layer's rows import from here.
"""
