"""What `make demo` shows: studies on the demo workflows, what a judge sees, and the sheet.

Takes a running server from its caller; imported by tools.run_demo and tools.same_images.
"""
