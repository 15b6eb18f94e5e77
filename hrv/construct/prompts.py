"""The prompts whose images vote."""

from __future__ import annotations


def parse_prompts(text: str, limit: int = 0) -> list[str]:
    """One prompt per line, empty lines and lines starting with # skipped, at most `limit` (0: all).

    ValueError if there are none, or fewer than asked for.
    """
    lines = (line.strip() for line in text.splitlines())
    prompts = [line for line in lines if line and not line.startswith("#")]
    if not prompts:
        raise ValueError("There are no prompts. Write one per line, such as: a photo of a red car")
    if limit > len(prompts):
        raise ValueError(f"Asked for {limit} prompts, but there are {len(prompts)}.")
    return prompts[:limit] if limit else prompts
