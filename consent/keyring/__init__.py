"""The keys, in a database of their own: a backup of the data without this one cannot be read, and the other way round.

KEK epoch (a file) → study key → participant key → asset key, wrapped in turn for each appearing participant.
Destroying any one of the participants' keys makes the asset unreadable, wherever a copy of its bytes lies.
"""
