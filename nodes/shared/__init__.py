"""What nodes of several features need: inputs, images, messages to the page, checks.

Every package of nodes/ may import it; it imports hrv and nodes/host only.
"""
