"""A command that holds the embedded database, as a program: says what it got, waits for its input to end, leaves.

    python command.py HOME [--uid N] [--deaf]

`--uid`: become this user first, after the imports (the interpreter itself may lie where that user cannot read).
`--deaf`: do not heed Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from policy_service.db.embedded import EmbeddedDatabaseError, embedded_postgres


def main() -> None:
    """Hold the database until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--deaf", action="store_true")
    arguments = parser.parse_args()
    if arguments.deaf:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if arguments.uid is not None:
        os.setgroups([])
        os.setgid(arguments.uid)
        os.setuid(arguments.uid)
    try:
        with embedded_postgres(arguments.home) as urls:
            print(json.dumps({"runtime": urls.runtime, "owner": urls.owner}), flush=True)
            sys.stdin.read()
    except EmbeddedDatabaseError as error:
        print(json.dumps({"error": error.message}), flush=True)


if __name__ == "__main__":
    main()
