"""P2P-HRV Edit and P2P Split."""
