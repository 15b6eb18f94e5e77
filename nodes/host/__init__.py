"""What touches ModelPatcher, transformer_options and the samplers of the host."""
