"""HRV Construct, HRV Concepts and HRV Merge.

`run` is a construction: `sampling` makes the images of its prompts, `groups` says which of them
are saved together, `voting` is the hook that counts, `settings` what the votes depend on, and
`progress` what the page shows meanwhile. Of other packages only tools/ and benchmarks/ import it.
"""
