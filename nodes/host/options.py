"""The names under which the pack keeps its own things in the host's transformer_options."""

from __future__ import annotations

KEY = "hrv"
"""Of the wrappers, so that each is added once."""
HOOKS = "hrv_hooks"
"""The tuple of hooks of a patched MODEL."""
RUN = "hrv_run"
"""The Run of the sampling under way."""
TABLE = "hrv_table"
"""Which of the conditionings of a batch are which tagged prompts."""
READER = "hrv_reader"
"""What takes the place of U-Net calls in a pass with gradients."""
