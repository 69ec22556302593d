"""Recordings, schemes, campaigns, the queue, what annotators said, agreement and gold standards."""
