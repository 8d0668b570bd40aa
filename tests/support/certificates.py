"""Certificates for servers of tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.mosquitto import ServerTls

VALID = timedelta(days=30)


def certificate(directory: Path, begins: datetime) -> ServerTls:
    """A self-signed certificate for localhost, valid for 30 days from ``begins``."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder("localhost", "localhost", key, begins)
    return _written(directory, builder.sign(key, hashes.SHA256()), key)


class Authority:
    """Signs certificates of servers; ``file`` is what a table is told to trust."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(*(name in {5, 6} for name in range(9)))
        made = (
            _builder("authority", "authority", self._key, datetime.now(UTC) - VALID / 2)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def certificate(self, directory: Path, begins: datetime, name: str) -> ServerTls:
        """A certificate for ``name``, valid for 30 days from ``begins``."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, "authority", key, begins)
        return _written(directory, builder.sign(self._key, hashes.SHA256()), key)


def _builder(
    name: str, issuer: str, key: ec.EllipticCurvePrivateKey, begins: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )


def _written(directory: Path, made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ServerTls:
    files = ServerTls(directory / "server.pem", directory / "server.key")
    files.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
