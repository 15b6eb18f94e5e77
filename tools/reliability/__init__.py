"""What the figures of docs/reliability.md are made by: bad files, changed code and the tests that
notice it, killed processes and full disks, many runs in one server. Nothing imports it.
"""
