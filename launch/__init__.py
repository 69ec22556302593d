"""From a fresh checkout to a running installation: what stands behind `make`.

Everything here runs before any package is installed, so it uses the standard library alone, and every command begins by
finding its place (`place`), then making sure of the environment (`environment`). From there: `supervise` runs an
installation in the foreground, `test` runs every check and adds up the results, `bundle` packs what a machine without
a network needs.
"""
