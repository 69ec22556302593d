"""The endpoints of consent, and what every endpoint of the apps above is made of (consent/api/base.py)."""
