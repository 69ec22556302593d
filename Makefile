# Every target is one command of the package `launch`; see launch/commands.py.
# Settings may follow the target: make demo PORT=8001 CONCORD_DATA=/srv/concord
PYTHON ?=
LAUNCH = @"$(or $(PYTHON),python3)" -B -m launch

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset run test test-long bench bundle lint format locks environment clean

help demo demo-reset run test test-long bench bundle lint format locks environment clean:
	$(LAUNCH) $@
