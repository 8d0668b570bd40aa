"""Marks texts of the code for translation."""


def _(text: str) -> str:
    """Return the text: it is translated where it is shown, and found here for the catalogues."""
    return text
