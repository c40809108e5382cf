"""The engines: one file a backend, imported when it is used."""
