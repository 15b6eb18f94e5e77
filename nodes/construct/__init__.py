"""HRV Construct, HRV Concepts and HRV Merge."""
