"""The ComfyUI side of the pack: each node reads its inputs, calls `hrv` and patches a clone."""
