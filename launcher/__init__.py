"""Starts the programs for `make run` and `make demo` by their commands; imports none of them."""
