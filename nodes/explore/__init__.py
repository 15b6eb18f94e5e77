"""HRV Explore: the words of a prompt and the places of its image, looked at on the page.

`node.py` is the node, `explored.py` what a run leaves to look at and how the page's questions
about it are answered, `shelf.py` where the last few of these stand. It is made of parts of
`nodes.maps`; only `nodes.extension` imports the node, and `nodes.routes` the shelf.
"""
