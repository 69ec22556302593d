"""Labeling over REST: the same services as the pages, under /api/v1/."""
