"""`undercast` and `python -m undercast`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. `start` goes on as the server's own process before anything else is imported."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["start"] and "--detach" not in arguments:
        from undercast.launch import run

        run(arguments[1:])
    from undercast.cli import undercast

    undercast(prog_name="undercast")


if __name__ == "__main__":
    main()
