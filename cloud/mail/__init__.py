"""E-mail: rows written with the deed that they tell of, handed to an SMTP server afterwards."""
