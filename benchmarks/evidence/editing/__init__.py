"""P2P and P2P-HRV edits: success against what is kept; only the registry imports it."""
