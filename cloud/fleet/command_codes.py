"""The command barcodes of tables, for whoever prints them. Pure."""

from wire.commands import ACTIONS, MODES, command_text

ACTION_CODES: dict[str, str] = {word: command_text(word) for word in ACTIONS}
"""What each says, by the word of its action: in the place of keys."""
MODE_CODES: dict[str, str] = {word: command_text(word) for word in MODES}
"""The same for modes, which are entered while no order is open."""
