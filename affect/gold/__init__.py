"""From what several people said to one label or one trace, with its uncertainty kept beside it.

`traces.make` and `labels.make` follow a `recipe`: frozen, hashed, the same bytes when it is followed again. What they are made
of can be used alone: `votes`, `dawid_skene`, `mace`, `glad` for labels; `steps`, `lag`, `align`, `fusion`, `ordinal` for traces.
Methods, formulas, sources: docs/gold.md.
"""
