"""What nodes of several features need: inputs, progress, warnings, checks."""
