"""The endpoints of inference."""
