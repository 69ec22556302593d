"""What changes in consent, by activity: studies, participants, notices, consents, links, requests, erasure, packages."""
