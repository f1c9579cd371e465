"""The front door: ``python -m trug`` and the ``trug`` script."""

from __future__ import annotations

from trug.cli import run as main

if __name__ == "__main__":
    main()
