"""Tables of draws, run directories and their manifests."""
