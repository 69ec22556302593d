"""The demo study: real sample media with their licences, fictional participants, and the loader that sets it up."""
