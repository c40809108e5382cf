"""From a file or a data frame to grouped draws; imports polars."""
