"""What changes something in labeling, by activity. Only these functions write."""
