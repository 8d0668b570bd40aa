"""What an answer of an S3 server means for us, read from the text of the library's error.

The library gives its errors as text alone: a line with method, address, status and the server's
XML, then its own structure. The server's XML may repeat an access key: we pass on its code alone.
"""

import re

from cloud.photos.errors import (
    PhotoMissing,
    PhotoStoreError,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
)

_STATUS = re.compile(r"status code: (\d{3})|status: (\d{3})\b")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,80})</Code>")

_SET_CREDENTIALS = "set s3.access_key_id and s3.secret_access_key"
_CREDENTIALS = "refuses these credentials; correct s3.access_key_id and s3.secret_access_key"
_RIGHTS = "does not permit this; its credentials need to read, write, delete and list there"
_REGION = "is in another region; correct s3.region and s3.endpoint"
_FULL = "has no room left, or its quota is used up; make room"
_BUSY = "is too busy or has trouble of its own; it is tried again"
_BUCKET = "does not exist; create the bucket, or correct s3.bucket and s3.endpoint"
_CLOCK = "says that this machine's clock is wrong; set the clock"
_LACKING = "cannot do what this program needs of an S3 server; take another server"

_CODES: dict[str, tuple[type[PhotoStoreError], str]] = {
    "NoSuchBucket": (StoreUnusable, _BUCKET),
    "InvalidBucketName": (StoreUnusable, _BUCKET),
    "AccessDenied": (StoreUnusable, _RIGHTS),
    "AllAccessDisabled": (StoreUnusable, _RIGHTS),
    "AccountProblem": (StoreUnusable, _RIGHTS),
    "InvalidAccessKeyId": (StoreUnusable, _CREDENTIALS),
    "SignatureDoesNotMatch": (StoreUnusable, _CREDENTIALS),
    "ExpiredToken": (StoreUnusable, _CREDENTIALS),
    "InvalidToken": (StoreUnusable, _CREDENTIALS),
    "RequestTimeTooSkewed": (StoreUnusable, _CLOCK),
    "PermanentRedirect": (StoreUnusable, _REGION),
    "TemporaryRedirect": (StoreUnusable, _REGION),
    "AuthorizationHeaderMalformed": (StoreUnusable, _REGION),
    "IllegalLocationConstraintException": (StoreUnusable, _REGION),
    "NotImplemented": (StoreUnusable, _LACKING),
    "QuotaExceeded": (StoreFull, _FULL),
    "XMinioStorageFull": (StoreFull, _FULL),
    "XMinioAdminBucketQuotaExceeded": (StoreFull, _FULL),
    "InsufficientCapacity": (StoreFull, _FULL),
    "SlowDown": (StoreUnavailable, _BUSY),
    "RequestTimeout": (StoreUnavailable, _BUSY),
    "OperationAborted": (StoreUnavailable, _BUSY),
}

_STATUSES: dict[int, tuple[type[PhotoStoreError], str]] = {
    301: (StoreUnusable, _REGION),
    307: (StoreUnusable, _REGION),
    401: (StoreUnusable, _CREDENTIALS),
    403: (StoreUnusable, _RIGHTS),
    404: (StoreUnusable, _BUCKET),
    408: (StoreUnavailable, _BUSY),
    409: (StoreUnavailable, _BUSY),
    429: (StoreUnavailable, _BUSY),
    501: (StoreUnusable, _LACKING),
    507: (StoreFull, _FULL),
}

_NO_ANSWER: tuple[tuple[re.Pattern[str], type[PhotoStoreError], str], ...] = (
    # The address at which AWS machines ask for their role.
    (
        re.compile(r"169\.254\.|fd00:ec2"),
        StoreUnusable,
        f"needs credentials, and this machine has no role; {_SET_CREDENTIALS}",
    ),
    (
        re.compile("InvalidCertificate|invalid peer certificate"),
        StoreUnusable,
        "shows a certificate that is not trusted; set s3.ca_file to the CA of that server",
    ),
    (
        re.compile("InvalidMessage|InvalidContentType"),
        StoreUnusable,
        "does not speak TLS; correct s3.endpoint",
    ),
    # A redirection that names no other address is how S3 says this.
    (re.compile("redirect without LOCATION"), StoreUnusable, _REGION),
    (re.compile("kind: Timeout|TimedOut"), StoreUnavailable, "did not answer in time"),
    (re.compile("dns error"), StoreUnavailable, "cannot be found: no address for that name"),
    (re.compile("kind: Connect"), StoreUnavailable, "cannot be reached: is it running?"),
)


def explain(error: Exception, place: str) -> PhotoStoreError:
    """The error of ours for one of the library's; ``place`` names bucket and server.

    Of what is unknown, refusals (4xx) are permanent and everything else is transient.
    """
    text = str(error)
    no_answer = _no_answer(text, place)
    if no_answer is not None:
        return no_answer
    code, status = _code(text), _status(text)
    if isinstance(error, FileNotFoundError) and code != "NoSuchBucket" and " PUT " not in text:
        return PhotoMissing(f"{place} has no such object")
    kind, words = _CODES.get(code) or _STATUSES.get(status) or _of_unknown(status)
    return kind(f"{place} {words}{_in_brackets(code, status)}")


def _no_answer(text: str, place: str) -> PhotoStoreError | None:
    if _CODE.search(text):
        return None
    for pattern, kind, words in _NO_ANSWER:
        if pattern.search(text):
            return kind(f"{place} {words}")
    return None


def _of_unknown(status: int) -> tuple[type[PhotoStoreError], str]:
    if 400 <= status < 500:
        return StoreUnusable, "refuses this request"
    return StoreUnavailable, _BUSY if status >= 500 else "gave no whole answer; it is tried again"


def _in_brackets(code: str, status: int) -> str:
    said = " ".join(word for word in (str(status or ""), code) if word)
    return f" ({said})" if said else ""


def _code(text: str) -> str:
    found = _CODE.search(text)
    return found.group(1) if found else ""


def _status(text: str) -> int:
    found = _STATUS.search(text)
    return int(found.group(1) or found.group(2)) if found else 0
