"""Prompts of transformers: words among the pieces of T5, Gemma and Qwen, and weights in the text.

Builds on the words and tables of hrv/text, which knows nothing of it.
"""
