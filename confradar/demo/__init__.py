"""The five sites on loopback, in each site's markup, from true facts of three nights."""
