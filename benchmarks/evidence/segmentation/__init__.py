"""Masks from attention maps by choice of heads; the registry and `studies` import it."""
