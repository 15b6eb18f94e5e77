"""Development tools: the real host beside the project, its server, and workflow conversion.

Start them from the repository root as ``python tools/host.py run -m tools.<name>``.
"""
