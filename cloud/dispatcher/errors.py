"""What stops work on one message or dispatch inside the dispatcher."""


class DispatcherError(Exception):
    """Base of the errors of the dispatcher."""


class ClaimLost(DispatcherError):
    """The lease ran out or somebody else has the message: nothing more may be done with it."""


class SenderSilenced(DispatcherError):
    """Another process found the lock of this one free. It must send nothing more, and end."""


class PictureRefused(DispatcherError):
    """A stored photo cannot become a picture for the chat."""


class ManifestRefused(DispatcherError):
    """What was sent as a manifest is none, or not that of its proof; it is never accepted."""


class ResendRefused(DispatcherError):
    """A proof cannot be sent again now; the text says why and what to do."""


class StillBeingSent(ResendRefused):
    """An earlier send of the proof is under way; wait until its state no longer changes."""


class NotConfirmedYet(ResendRefused):
    """Nobody knows whether an earlier send arrived; a person must settle it first."""


class SettledAlready(ResendRefused):
    """The message's outcome is known by now."""


class NoSuchProof(ResendRefused):
    """There is no such proof, or no such message."""


class ReasonMissing(ResendRefused):
    """Everything is sent again only with a reason, because the buyer has it already."""


class SentAlready(ResendRefused):
    """The marketplace has all of it; there is nothing to send by hand."""


class PhotosDeleted(ResendRefused):
    """The proof's photos are not kept any more; there is nothing to send."""
