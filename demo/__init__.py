"""The demo world and the small text-to-image model trained on it."""
