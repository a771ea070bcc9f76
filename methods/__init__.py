"""Pure statistics: arrays in, arrays out.

No files, no database, no settings, no other package of this project. Modules are imported by name
(`from methods import intervals`), so that nobody pays for one he does not use.
"""
