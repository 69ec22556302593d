"""What comes in and what goes out: ingest, dataset versions, splits, export."""
