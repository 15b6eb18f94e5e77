"""HRVs from too few prompts, too broad and unknown concepts; only the registry imports it."""
