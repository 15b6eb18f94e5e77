"""The demo model: a small world of drawn scenes, a diffusion model trained on it, and a judge.

Training and evaluation start here by hand; the node HRV Demo Model, the tools and the benchmarks
load the finished model. Imports hrv and the host, nothing of nodes.
"""
