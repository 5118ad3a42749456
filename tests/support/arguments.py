"""Arguments of the commands that run for a long time."""

import argparse
import re
from collections.abc import Sequence


def parse_seconds(program: str, arguments: Sequence[str]) -> float:
    """Return the only argument of a command, a number of seconds. Otherwise end the command with a message."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("SECONDS", type=float, help="the time to run")
    seconds: float = parser.parse_args(arguments).SECONDS
    return seconds


def parse_slice(text: str) -> tuple[int, int]:
    """Return the number of a slice and the number of all slices. `2/3` is the second third.

    Raises:
        argparse.ArgumentTypeError: the text has another form, or there is no such slice.
    """
    if match := re.fullmatch(r"(\d+)/(\d+)", text):
        part, parts = int(match[1]), int(match[2])
        if 1 <= part <= parts:
            return part, parts
    raise argparse.ArgumentTypeError(f"{text!r} is not a slice such as 1/5, from 1/5 to 5/5")
