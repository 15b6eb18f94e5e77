"""HRV Capture, Selective Attention Map and Misreading Diagnosis.

`capture` is the node that watches a sampling, `capture_hook` what it adds to the MODEL, `captured`
what it keeps; `selective` and `diagnosis` are the nodes that show what was kept. Only
`nodes.extension` imports the nodes.
"""
