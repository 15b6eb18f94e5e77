"""Single measurements beside the evidence, printed and kept nowhere but in `output/`.

Every module is a command of its own; nothing imports this package.
"""
