"""Words of a prompt and their tokens: splitting, spelling, finding and pairing them."""
