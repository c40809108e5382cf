"""Sampling algorithms over protocols, never over a backend."""
