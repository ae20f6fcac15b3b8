"""Upstream's name for what it wrote in C++."""
