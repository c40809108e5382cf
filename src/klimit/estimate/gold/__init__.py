"""What a gold reward does as a proxy is optimised."""
