"""Signals over media time."""
