#!/usr/bin/env python
"""Concord's command line: what an operator does goes through here, and through the same services as the pages."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
