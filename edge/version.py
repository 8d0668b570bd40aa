"""Which version of this program runs."""

from importlib.metadata import PackageNotFoundError, version


def software_version() -> str:
    """Name and version, as reported to the cloud."""
    try:
        return f"packwitness {version('packwitness')}"
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "packwitness (not installed)"
