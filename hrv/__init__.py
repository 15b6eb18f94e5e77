"""Head relevance vectors: the science, in torch alone, with no import of the host."""
