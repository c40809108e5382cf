"""The ``klimit`` command: the app, then one file a command."""
