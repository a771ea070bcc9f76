"""Benchmarks: measured, printed, compared as ratios within one run; nothing here asserts on seconds."""
