"""What can be refused about people and their sign-in."""


class AccountError(Exception):
    """Base of the errors of accounts."""


class SignInRefused(AccountError):
    """E-mail address or password is wrong; which of them is not said."""


class TooManyAttempts(AccountError):
    """Too many failed attempts; try again later."""


class UnknownMember(AccountError):
    """Nobody has this e-mail address."""


class MemberExists(AccountError):
    """The e-mail address belongs to a member already."""


class StepEnded(AccountError):
    """The password has to be shown again before a code."""


class CodesAreOn(AccountError):
    """A member uses codes already; they are not replaced in passing."""


class OwnersOnly(AccountError):
    """Only an owner changes this of an owner."""


class LinkSpent(AccountError):
    """A link for choosing a password was used, has ended, or is none."""


class LastOwner(AccountError):
    """An organisation keeps at least one owner."""


class NoAddress(AccountError):
    """What was entered is no e-mail address."""


class NoShop(AccountError):
    """None was named of those that the organisation has."""
