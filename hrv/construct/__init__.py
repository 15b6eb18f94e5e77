"""Head relevance vectors from votes: Algorithm 1, concepts, kept votes, agreement."""
