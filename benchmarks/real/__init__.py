"""The papers' experiments on a checkpoint of one's own, judged by CLIP similarity."""
