"""Concept Strengthen, Concept Adjust and Ordered Weaken."""
