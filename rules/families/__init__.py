"""The operators, one family per file; each file ends in its rows."""
