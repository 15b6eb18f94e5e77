"""Training and measuring the third demo model and its judge; `command` is the way in."""
