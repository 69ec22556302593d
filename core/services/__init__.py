"""What changes accounts, tokens and preferences."""
