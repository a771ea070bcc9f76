"""Disclosure control: tables as one system (tables), which cells to withhold (protect), what an attacker finds (audit).

The auditor shares no code with the other two, so that an error there cannot hide itself here.
"""
