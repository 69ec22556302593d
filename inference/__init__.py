"""Models that label: back ends, runs, predictions, evaluation. A model is never an annotator."""
