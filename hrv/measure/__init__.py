"""What each head does to a word, measured by gradients instead of voted: the pack's own method.

Pure torch. Neither of the two papers has it. The nodes and the files of measured vectors may
import from here; nothing here imports from the rest of hrv but attention and text.
"""
