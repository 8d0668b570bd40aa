"""What can go wrong between a table and the cloud."""


class UplinkError(Exception):
    """Base of all uplink errors; the text is one line for a person."""


# --- the connection -----------------------------------------------------------------------------


class LinkError(UplinkError):
    """No usable connection now. Transient: the uplink always tries again."""


class ServerUnreachable(LinkError):
    """Name, route, port or TLS did not come to a connection."""


class ProxyRefused(ServerUnreachable):
    """The HTTP proxy in between does not open the way."""


class CertificateNotYetValid(ServerUnreachable):
    """The server's certificate begins in the future: most likely this table's clock is behind."""


class LinkRefused(LinkError):
    """The broker answered the connection with a refusal."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code
        """MQTT 5 reason code of the CONNACK or SUBACK."""


class LinkLost(LinkError):
    """An open connection ended."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        """MQTT 5 reason code of the broker's DISCONNECT; None if there was none."""


class PacketTooLarge(UplinkError):
    """A message does not fit the broker's packet limit; sending it would only end the link."""


# --- credentials --------------------------------------------------------------------------------


class CredentialsError(UplinkError):
    """The credentials file cannot be used; the text says what to do."""


class NotEnrolled(CredentialsError):
    """There is no credentials file: the table has to be enrolled."""


# --- enrolment ----------------------------------------------------------------------------------


class EnrolmentError(UplinkError):
    """Base of what can go wrong while enrolling."""


class EnrolmentTransient(EnrolmentError):
    """The same code may work later."""


class EnrolmentPermanent(EnrolmentError):
    """Trying again with the same code or address will not help."""


class EnrolmentUnreachable(EnrolmentTransient):
    """The server did not answer, or answered that it cannot now."""


class ClockBehind(EnrolmentTransient):
    """The server's certificate is not valid yet: set this table's clock first."""


class ClaimRefused(EnrolmentPermanent):
    """The claim code is unknown, or was used already."""


class ClaimExpired(EnrolmentPermanent):
    """The claim code is too old: print a new claim sheet."""


class CredentialsRefused(EnrolmentPermanent):
    """The cloud does not let this device in any more: revoked, replaced, or not its password."""


class UntrustedServer(EnrolmentPermanent):
    """TLS failed, or the address would send the claim code in clear."""


class NotOurServer(EnrolmentPermanent):
    """Something answered at that address, and it is not Packwitness."""
