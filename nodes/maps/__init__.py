"""HRV Capture, Selective Attention Map and Misreading Diagnosis."""
