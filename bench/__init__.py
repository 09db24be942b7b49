"""Measurements that people run; no test asserts a time."""
