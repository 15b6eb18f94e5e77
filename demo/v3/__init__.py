"""Demo world v3: 64 x 64 pictures with materials, synonyms and fourteen two-meaning words."""
