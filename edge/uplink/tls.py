"""Trust in the server, and what a person can do when there is none."""

import ssl
from pathlib import Path
from typing import Final

from edge.uplink.errors import CertificateNotYetValid, ServerUnreachable

# verification codes of OpenSSL (x509_vfy.h)
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_UNKNOWN_ISSUERS: Final = (18, 19, 20, 21)
_OTHER_NAMES: Final = (62, 64)

_TO_DO: Final = {
    _EXPIRED: "renew it on the server; if it is new, set the clock of this table",
    **dict.fromkeys(_UNKNOWN_ISSUERS, "name the authority that signed it in uplink.ca_file"),
    **dict.fromkeys(
        _OTHER_NAMES, "give the server one for this name, or set uplink.host to a name it has"
    ),
}


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the system's authorities, or a private one alone.

    Raises:
        ServerUnreachable: the file of the private authority cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:
        raise ServerUnreachable(f"ca_file {ca_file} cannot be used: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def unreachable(where: str, error: OSError | ValueError) -> ServerUnreachable:
    """Why there is no connection, in one line, with what to do about a certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _refused(where, error)
    said = error.strerror if isinstance(error, OSError) else None
    return ServerUnreachable(f"{where}: {said or str(error) or type(error).__name__}")


def _refused(where: str, error: ssl.SSLCertVerificationError) -> ServerUnreachable:
    if error.verify_code == _NOT_YET_VALID:
        return CertificateNotYetValid(
            f"{where}: the certificate is not valid yet; is the clock of this table set?"
        )
    said = f"{where}: certificate refused: {error.verify_message.rstrip('.')}"
    to_do = _TO_DO.get(error.verify_code)
    return ServerUnreachable(f"{said}; {to_do}" if to_do else said)
