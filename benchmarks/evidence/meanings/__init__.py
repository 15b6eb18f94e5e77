"""Words with two meanings: steering, other HRVs, measured heads; only the registry imports it."""
