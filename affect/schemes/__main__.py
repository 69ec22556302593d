"""Writes the JSON Schema of schemes to standard output: `python -m affect.schemes > docs/schemas/scheme.json`."""

import json
import sys

from affect.schemes.form import schema

sys.stdout.write(json.dumps(schema(), ensure_ascii=False, indent=2) + "\n")
