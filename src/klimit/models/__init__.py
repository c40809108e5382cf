"""Language models and rewards: protocols, registry, backends."""
