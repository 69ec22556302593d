"""`python3 -m launch COMMAND`: the commands behind the Makefile. Kept readable by old Pythons, so that they get a sentence."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    version = ".".join(str(number) for number in sys.version_info[:2])
    sys.exit(
        "Concord needs Python 3.11, 3.12 or 3.13; this is " + version + ". Name another one: make PYTHON=python3.11 …"
    )

from launch import commands  # only after the version is known

sys.exit(commands.main(sys.argv[1:]))
