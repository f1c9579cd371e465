"""The command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from trug.cli.arguments import build_parser
from trug.cli.printing import FAILURE, USAGE, fail
from trug.settings import SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 clean, 1 failure, 2 usage or refused configuration, 3 store locked or newer."""
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except SettingsError as error:
        return fail(USAGE, str(error))
    except KeyboardInterrupt:
        return FAILURE
    return code


def run() -> NoReturn:
    """The ``trug`` script."""
    sys.exit(main())
