"""What can go wrong with the spool. Whatever is raised, everything stored earlier is intact."""


class SpoolError(Exception):
    """Base of all spool errors; the text is fit for a log and for a person."""


class SpoolTransient(SpoolError):
    """The same call may succeed later, without anybody repairing something."""


class NoSpace(SpoolTransient):
    """The disk is full, or only its reserve is left."""


class DiskFault(SpoolTransient):
    """Reading, writing or syncing failed (EIO); a new attempt writes everything anew."""


class JournalBusy(SpoolTransient):
    """Another program holds the journal."""


class SpoolPermanent(SpoolError):
    """The same call will fail again until a person or the caller does something else."""


class ReadOnlyDisk(SpoolPermanent):
    """The file system is mounted read-only: on a table, a worn card (edge-hardware 6.2)."""


class SpoolLocked(SpoolPermanent):
    """Another daemon owns this spool; the text names its process id."""


class SpoolDamaged(SpoolPermanent):
    """The journal is damaged. The next start moves it aside and rebuilds it from the photos."""


class NoSpool(SpoolPermanent):
    """There is no spool to read; no daemon has been started here yet."""


class SpoolTooNew(SpoolPermanent):
    """A newer version of this program wrote the journal; it was left as it is."""


class SpoolForeign(SpoolPermanent):
    """The spool belongs to another device and was not adopted."""


class BadJpeg(SpoolPermanent):
    """The bytes given are no complete JPEG; nothing was stored."""


class SamePictureAgain(SpoolPermanent):
    """The proof holds exactly these bytes already: the camera did not take a new picture."""


class PhotoDamaged(SpoolPermanent):
    """A stored photo is gone or is not what was written."""


class BadProof(SpoolPermanent):
    """A proof cannot be opened with this id or code."""


class UnknownProof(SpoolPermanent):
    """There is no proof of that id, or no such revision or photo of it."""


class WrongState(SpoolPermanent):
    """The proof's state does not allow this step."""
