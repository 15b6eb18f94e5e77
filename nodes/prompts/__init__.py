"""HRV Prompt and HRV Tag Prompt: where a prompt's words stand.

`tag` is what they put into a CONDITIONING, and how every other package of nodes/ finds a prompt
and its words again; it imports hrv alone. `encoding` makes such a CONDITIONING of a text.
"""
