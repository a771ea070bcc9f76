"""Dagster assets, jobs, schedules and the command line: puts the rooms together, computes nothing itself."""
