"""``python -m klimit`` is ``klimit``."""

from klimit.cli.app import main

__all__: list[str] = []

if __name__ == "__main__":  # pragma: no cover
    main()
