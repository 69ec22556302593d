"""What changes something in inference, by activity."""
