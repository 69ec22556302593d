"""From what several people said to one label, with its uncertainty kept beside it."""
