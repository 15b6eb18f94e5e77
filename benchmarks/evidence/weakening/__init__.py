"""Ordered weakening of heads, and each head weakened alone; only the registry imports it."""
