"""The command line: words in, words out. Importing it loads nothing heavy."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run ``tmsguide`` with these words and give the exit code: 0 done, 1 failed, 2 misuse."""
    from tmsguide.cli.words import parse

    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return parse(words)
    except KeyboardInterrupt:
        sys.stderr.write(
            "tmsguide: interrupted; finished steps are kept, the same command resumes\n"
        )
        return 1
