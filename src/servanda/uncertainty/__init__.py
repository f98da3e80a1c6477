"""Uncertain parameters: draws of all of them at once, and what results do over the draws."""
