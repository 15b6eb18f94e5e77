"""Pictures of vectors, maps and diagnoses, drawn with matplotlib."""
