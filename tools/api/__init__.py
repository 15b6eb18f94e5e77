"""A running ComfyUI as a program sees it: requests, and workflows in the form the server takes.

Knows nothing of how the server was started; used by the server runner, the demo and the tests.
"""
