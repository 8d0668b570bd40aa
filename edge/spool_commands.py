"""``packwitness-edge spool ...``: looks at a spool beside a running daemon, or adopts one."""

from collections.abc import Iterator

from edge.clock import Clock
from edge.errors import TableError
from edge.settings import TableSettings
from edge.spool.errors import SpoolError
from edge.spool.reader import SpoolReader
from edge.spool.records import ProofSummary
from edge.spool.store import Spool
from edge.uplink.credentials import load_credentials
from edge.uplink.errors import CredentialsError


def list_lines(settings: TableSettings, *, limit: int, code: str | None) -> Iterator[str]:
    """One line for each proof, newest first, and the files of its photos below it.

    Raises:
        TableError: the spool cannot be read.
    """
    directory = settings.spool.directory
    if not directory.is_dir():
        raise TableError(f"{directory}: there is no spool yet; run packwitness-edge run")
    try:
        reader = SpoolReader.open_reader(directory)
        try:
            proofs = reader.list_proofs(limit, code)
        finally:
            reader.close()
    except SpoolError as error:
        raise TableError(f"{directory}: {error}") from error
    for proof in proofs:
        yield _line(proof)
        yield from (f"    {path}" for path in proof.photos)


def _line(proof: ProofSummary) -> str:
    when = proof.opened_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    clock = "" if proof.clock_synced else " (clock not synchronised)"
    count = len(proof.photos)
    words = [f"{when}{clock}", proof.code, str(proof.mode), _fate(proof)]
    return "  ".join([*words, f"{count} photo{'' if count == 1 else 's'}"])


def _fate(proof: ProofSummary) -> str:
    if proof.closing is None:
        return "open"
    if proof.refused:
        return f"{proof.closing}, refused by the cloud: {proof.refused}"
    if proof.progress is not None:
        reason = f": {proof.progress_reason}" if proof.progress_reason else ""
        return f"{proof.closing}, {proof.progress}{reason}"
    return f"{proof.closing}, {'the cloud has it' if proof.receipted else 'waiting'}"


def adopt(settings: TableSettings, clock: Clock) -> str:
    """Make the spool this table's own; what is in it is sent under this table's name.

    Raises:
        TableError: the table is not enrolled, or the spool cannot be opened.
    """
    directory = settings.spool.directory
    try:
        credentials = load_credentials(settings.enrolment.credentials_file)
        spool = Spool.open(directory, device_id=credentials.device_id, clock=clock, adopt=True)
    except (CredentialsError, SpoolError) as error:
        raise TableError(str(error)) from error
    try:
        waiting = spool.counts().waiting_proofs
    finally:
        spool.close()
    return f"{directory} belongs to {credentials.table_name} now; {waiting} proofs wait in it"
