"""What changes something in datasets, by activity."""
