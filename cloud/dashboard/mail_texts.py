"""The words of mails, in the language of who gets them. Plain text: links stay what they say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cloud.accounts.password_links import INVITATION, PASSWORD_RESET
from cloud.dashboard.formats import UTC_ZONE, Formats
from cloud.dashboard.languages import DEFAULT, Language, load_languages
from cloud.dashboard.marking import _
from cloud.dashboard.words import CHANNELS
from cloud.mail.smtp import Written
from cloud.sync.warnings import AUTHORIZATION_ENDS


@dataclass(frozen=True, slots=True)
class _Text:
    """Keys of a mail's words; ``%(name)s`` stands for a value."""

    subject: str
    paragraphs: tuple[str, ...]
    values: Callable[["_Values"], Mapping[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Values:
    """What the values of a mail are made from."""

    facts: Mapping[str, str]
    language: Language
    own_url: str

    def day(self, name: str) -> str:
        """The date of a fact, in UTC."""
        at = datetime.fromisoformat(self.facts[name])
        return Formats(self.language.locale, UTC_ZONE).day(at)

    def word(self, text: str) -> str:
        """A text in the language."""
        return self.language.translations.gettext(text)


_PURPOSES = {"orders": _("orders"), "chat": _("chat")}


def _of_authorization(given: _Values) -> Mapping[str, str]:
    channel = given.facts["channel"]
    return {
        "shop": given.facts["shop"],
        "channel": CHANNELS.get(channel, channel),
        "purpose": given.word(_PURPOSES[given.facts["purpose"]]),
        "day": given.day("ends_at"),
        "link": f"{given.own_url}/sales-channels",
    }


def _of_link(given: _Values) -> Mapping[str, str]:
    return {
        "email": given.facts["email"],
        "organisation": given.facts["organisation"],
        "link": f"{given.own_url}/choose-password#{given.facts['code']}",
    }


_TEXTS: Mapping[str, _Text] = {
    AUTHORIZATION_ENDS: _Text(
        _("%(shop)s has to be authorized again by %(day)s"),
        (
            _("What %(channel)s allows for the shop %(shop)s (%(purpose)s) ends on %(day)s (UTC)."),
            _("After that no photos reach its buyers, until somebody authorizes the shop again:"),
            "%(link)s",
        ),
        _of_authorization,
    ),
    INVITATION: _Text(
        _("You are invited to %(organisation)s at Packwitness"),
        (
            _("An owner of %(organisation)s has added %(email)s to its members at Packwitness."),
            _("Choose a password on this page, within three days. The link works once:"),
            "%(link)s",
            _("If you do not know what this is about, do nothing."),
        ),
        _of_link,
    ),
    PASSWORD_RESET: _Text(
        _("A new password for Packwitness"),
        (
            _("Somebody has asked for a new password for %(email)s at %(organisation)s."),
            _("If it was you, choose it on this page within an hour. The link works once:"),
            "%(link)s",
            _("If it was not you, do nothing: your password stays as it is."),
        ),
        _of_link,
    ),
}


class MailTexts:
    """Writes mails."""

    def __init__(self, own_url: str) -> None:
        """``own_url``: of the pages, for links."""
        self._own_url = own_url
        self._languages = load_languages()

    def __call__(self, kind: str, language: str, facts: Mapping[str, str]) -> Written:
        """The words of a mail. Raises KeyError for a kind, or a fact, that there is not."""
        text = _TEXTS[kind]
        chosen = self._languages.get(language) or self._languages[DEFAULT]
        given = _Values(facts, chosen, self._own_url)
        values = text.values(given)
        paragraphs = [given.word(key) % values for key in (*text.paragraphs, _FOOT)]
        subject = given.word(text.subject) % values
        return Written(" ".join(subject.split()), "\n\n".join(paragraphs) + "\n")


_FOOT = _("Packwitness sent this by itself; nobody reads answers to it.")
