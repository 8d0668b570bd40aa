"""How handing a mail to the server can end, other than well."""


class MailError(Exception):
    """Base of the errors of e-mail; the text is the reason, without anybody's address."""


class MailNotNow(MailError):
    """Transient: the server has not taken it, and may later."""


class MailServerAway(MailNotNow):
    """The same for every mail: the server cannot be reached, trusted or signed in to."""


class MailRefused(MailError):
    """Permanent: the server does not take this mail, however often it is asked."""


class MailOutcomeUnknown(MailError):
    """The connection was lost while the server had the mail and had not answered."""


class MailLapsed(MailError):
    """Another process took the mail meanwhile, because this one was silent for too long."""
