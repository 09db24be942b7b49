"""Rulebook: webhooks in, rules judged, messages out, every verdict explained."""

__version__ = "0.1.0"
