"""Where the data lie and how they are published: paths, settings, connections, ledger, releases.

Knows nothing of sources, indicators or exports' contents.
"""
