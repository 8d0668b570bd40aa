"""Reading the stream of events of the pages, as a browser does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

Event = tuple[str, str, list[str]]


@contextmanager
def listening(
    browser: httpx.Client, after: int = 0, *, last_event_id: str = ""
) -> Iterator[Iterator[Event]]:
    """Events of a stream as (id, kind, topics)."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with browser.stream("GET", f"/events?after={after}", headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events_in(answer.iter_lines())


def events_in(lines: Iterator[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}
