"""What can go wrong with the sandbox itself (not what it answers to a client)."""


class SandboxError(Exception):
    """The sandbox cannot start or go on. The text is one clear line for a person."""


class SeedInvalid(SandboxError):
    """The seed is not what `docs/sandbox.md` describes. The text names the field."""


class AddressTaken(SandboxError):
    """The address to listen on is taken or does not exist on this machine."""


class DataUnusable(SandboxError):
    """The data folder cannot be used: another sandbox has it, or it cannot be read or written."""
