"""HRV Prompt and HRV Tag Prompt: where a prompt's words stand."""
