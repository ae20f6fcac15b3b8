"""The arm's driver: the vendor's SDK behind DEFT's actions and gate."""
