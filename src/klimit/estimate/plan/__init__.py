"""Which setting of which method reaches a target, and at what price; a module a method."""
