"""What only the server imports that workers are forked from (see workers).

It has nothing to put in order when it ends, and DuckDB's wheel would tell the terminal at its exit what it did not give back.
"""

import atexit
import os

atexit.register(os._exit, 0)
