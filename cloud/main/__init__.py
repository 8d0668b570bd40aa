"""The program ``packwitness-cloud``: settings, commands, and the one place that builds the rest."""

from cloud.main.commands import main

__all__ = ["main"]
