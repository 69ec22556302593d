"""Studies, bases and purposes, participants, notices, consent events, the gate, assets and keys, requests, erasure."""
