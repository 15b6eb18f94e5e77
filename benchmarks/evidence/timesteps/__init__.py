"""HRVs over the timesteps, and a concept added to the set; only the registry imports it."""
