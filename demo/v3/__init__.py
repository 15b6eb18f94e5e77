"""Demo world v3: 64 x 64 images with materials, synonyms and fourteen two-meaning words."""
