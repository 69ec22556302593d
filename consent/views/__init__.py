"""Pages of consent: the participant's own, and the privacy officer's."""
