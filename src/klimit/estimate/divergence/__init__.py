"""How far a policy is from the reference, from its draws or its log."""
