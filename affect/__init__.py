"""Measures, gold standards and formats of affect annotation: pure Python, no Django, no files but the streams it is given."""
