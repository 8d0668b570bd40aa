"""Database: base of the models, sessions with their organisation scope, and the one write path."""
