"""The world of the third demo model: its words, scenes, looks and how they are drawn."""
