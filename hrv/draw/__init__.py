"""Images of vectors, maps and diagnoses: (height, width, 3) uint8 arrays, light or dark.

Drawn with matplotlib, which is imported only when something is drawn. Nodes, tools and benchmarks
may import it; of hrv, nothing but this package does.
"""
