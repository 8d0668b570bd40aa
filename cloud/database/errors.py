"""Everything the database package raises on purpose.

Transient errors pass when the cause passes: try again later. Permanent ones need a person or
another version of the program.
"""


class DatabaseError(Exception):
    """Any failure of the database, seen from outside this package."""


class TransientDatabaseError(DatabaseError):
    """It may work later, unchanged. Nothing was written, unless the type says otherwise."""


class PermanentDatabaseError(DatabaseError):
    """It will fail the same way until somebody acts."""


class DatabaseBusy(TransientDatabaseError):
    """Locked, out of connections, or still in conflict with others after all retries."""


class DatabaseFull(TransientDatabaseError):
    """The disk of the database has no room left. Free space; nothing was written."""


class ConnectionLost(TransientDatabaseError):
    """The server went away or cannot be reached. Nothing was written."""


class CommitUnknown(TransientDatabaseError):
    """The connection broke during COMMIT: look whether it was written before repeating."""


class DatabaseReadOnly(PermanentDatabaseError):
    """The file or the server takes no writes: wrong owner, read-only disk, or a standby server."""


class DatabaseDamaged(PermanentDatabaseError):
    """The file is not a sound SQLite database. Restore it from the backup."""


class DatabaseUnusable(PermanentDatabaseError):
    """The database cannot be opened at all: wrong address, folder, name or password."""


class ConstraintViolated(PermanentDatabaseError):
    """A row was refused by a constraint. The text names the constraint, never the values."""


class WriterStopped(PermanentDatabaseError):
    """The write path was closed or its thread is dead. The process must end and start anew."""


class WriteMisuse(DatabaseError):
    """The program breaks a rule of `Database.write`: a bug."""


class ScopeViolation(DatabaseError):
    """The program asks for rows without, or outside, its organisation scope: a bug."""


class SchemaMismatch(PermanentDatabaseError):
    """The database was made by another version of the program, which this one cannot serve."""


class MoveRefused(PermanentDatabaseError):
    """The database cannot be moved to another like this. The text says what to do."""


class SnapshotFailed(PermanentDatabaseError):
    """No sound copy of the database could be made; what stood in its place is as it was."""


class SecretError(DatabaseError):
    """A sealed value or its key file cannot be used. The texts never hold the value or a key."""


class KeyFileUnusable(SecretError):
    """The key file is missing, malformed, or readable by everybody."""


class UnknownKey(SecretError):
    """The value was sealed under a key that is not in the key file."""


class SecretDamaged(SecretError):
    """The value was altered, or belongs to another row."""
