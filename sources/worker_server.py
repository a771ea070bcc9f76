"""What only the server imports that workers are forked from (see workers).

It has nothing to put in order when it ends, and DuckDB's wheel would tell the terminal at its exit what it did not give back.
"""

import atexit
import gc
import os

# What is imported stays: no worker looks through it for garbage.
gc.freeze()
atexit.register(os._exit, 0)
