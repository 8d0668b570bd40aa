"""What mails say, in each language."""

import pytest

from cloud.dashboard.mail_texts import MailTexts

ENDING = {
    "shop": "Demo\r\nShop",
    "channel": "shopee",
    "purpose": "chat",
    "ends_at": "2026-12-06T23:30:00+00:00",
}


@pytest.mark.parametrize(
    ("language", "subject", "word"),
    [
        ("en", "Demo Shop has to be authorized again by Dec 6, 2026", "(chat)"),
        ("zh-TW", "Demo Shop 須在 2026年12月6日 前重新授權", "聊天"),
        ("ms", "Demo Shop perlu dibenarkan semula sebelum 6 Dis 2026", "(sembang)"),
        ("tlh", "Demo Shop has to be authorized again by Dec 6, 2026", "(chat)"),
    ],
)
def test_a_warning_names_shop_day_and_page(language: str, subject: str, word: str) -> None:
    written = MailTexts("https://pw.test")("authorization-ends", language, ENDING)
    assert written.subject == subject
    assert "https://pw.test/sales-channels\n" in written.text
    assert word in written.text
    assert "Shopee" in written.text


def test_a_mail_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        MailTexts("https://pw.test")("poem", "en", {})
