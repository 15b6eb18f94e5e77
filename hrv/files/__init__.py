"""Files and where they come from: HRV files, votes, concept files, published vectors and lists.

Files are there whole or not at all, and a message names the file that is damaged. This package
imports hrv.construct and hrv.relevance; nothing else of hrv imports it.
"""
