"""`celery call confradar.crawl_all`, which first loads all that the command is going to load, and says when it had.

The difference to the plain command is only the order: what is measured after that line is none of its imports.
"""

import importlib
import sys
import time

NEEDED = ("celery.bin.celery", "celery.bin.call", "celery.backends.redis", "celery.events", "confradar.tasks",
          "kombu.transport.redis", "kombu.pools", "celeryconfig")  # fmt: skip

if __name__ == "__main__":
    for module in NEEDED:
        importlib.import_module(module)
    sys.stdout.write(f"{time.time()}\n")
    sys.stdout.flush()
    sys.argv = ["celery", "call", *sys.argv[1:]]
    sys.exit(importlib.import_module("celery.__main__").main())
