"""The bottom of the house: users, the door, audit, jobs, errors. Knows no other app."""
