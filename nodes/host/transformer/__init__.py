"""How hooks reach the text attention of transformers; what does so for U-Nets is one folder up.

`joint` splits the queries of joint attention, `checks` refuses what cannot be steered. Whose rows
are whose and the wrappers are in `nodes.host` itself, which alone imports this.
"""
