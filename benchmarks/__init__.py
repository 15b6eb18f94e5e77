"""Measured claims: `make bench` runs them on this machine, side by side."""
