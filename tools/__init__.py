"""Scripts for those who work on Rulebook; nothing here is installed."""
