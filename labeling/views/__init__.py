"""Pages of labeling: the annotator’s workspace, and what researchers look at."""
