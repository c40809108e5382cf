"""Rewards: how they are found, how they are asked, and the two that come along."""
