"""A seller at a sandbox's consent page: opens the link, chooses a shop, and is sent back."""

import re
from html import unescape

import httpx


def consent(link: str, account: str) -> httpx.URL:
    """The address the seller's browser goes to after choosing ``account``."""
    address = httpx.URL(link)
    base_url = f"{address.scheme}://{address.netloc.decode()}"
    with httpx.Client(base_url=base_url) as browser:
        page = browser.get(address)
        assert page.is_success, page.text
        ticket = re.search(r'name="ticket"[^>]*value="([^"]+)"', page.text)
        assert ticket is not None, page.text
        form = {"ticket": unescape(ticket[1]), "account": account}
        answer = browser.post("/consent", data=form)
        assert answer.status_code == 303, answer.text
    return httpx.URL(answer.headers["location"])
