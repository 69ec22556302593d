"""Writes a version's package to standard output: run by a test in a process of its own, with other surroundings."""

import sys

import django


def main() -> None:
    django.setup()
    from datasets.models import DatasetVersion
    from datasets.services import package

    version = DatasetVersion.objects.select_related("dataset").get()
    for block in package.archive(version):
        sys.stdout.buffer.write(block)


if __name__ == "__main__":
    main()
