"""Where data may go without a transfer tool: the European Economic Area, and countries with an adequacy decision.

Source: GDPR Art. 44-46; adequacy decisions of the European Commission under Art. 45 that cover the private sector as a
whole. Canada (commercial organisations) and the United States (certified companies) are partial, so they need a tool.
"""

EEA = frozenset(
    ["AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO"]
)  # fmt: skip
ADEQUATE = frozenset(["AD", "AR", "CH", "FO", "GB", "GG", "IL", "IM", "JE", "JP", "KR", "NZ", "UY"])
NEEDS_NO_TOOL = EEA | ADEQUATE
