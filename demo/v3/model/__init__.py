"""The third demo model: networks of the host at small size, latents, and its file."""
