"""Adapters to the logs that other tools write, one module a format; imports polars."""
