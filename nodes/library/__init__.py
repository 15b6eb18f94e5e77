"""HRV files and lists on disk, and the nodes that load, save and show them."""
