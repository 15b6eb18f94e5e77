"""Measured claims: what the pack costs, and whether what the papers say holds for it.

`costs` and `studies` print, `evidence` and `real` write reports; each is started by `make`.
Nothing imports benchmarks but tests.
"""
