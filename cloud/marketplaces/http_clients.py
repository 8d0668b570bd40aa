"""One httpx client per thread over one shared TLS context, and what such clients must not do.

A client per thread is several times faster than one shared client, and the TLS context is what is
costly to make (its certificates are read once).
"""

import logging
import ssl
import threading
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from cloud.marketplaces.deadline import DeadlineTransport


class HttpClients:
    """Hands each thread its own client. Close it after the threads have ended."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls or httpx.create_ssl_context()
        self._local = threading.local()
        self._lock = threading.Lock()
        self._clients: list[httpx.Client] = []
        self._closed = False
        keep_queries_out_of_logs()

    def get(self) -> httpx.Client:
        """The client of the calling thread. Raises RuntimeError after `close`."""
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None or client.is_closed:
            client = self._make()
            self._local.client = client
        return client

    def close(self) -> None:
        """Close the clients of all threads; their idle connections end with them."""
        with self._lock:
            self._closed = True
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    def _make(self) -> httpx.Client:
        with self._lock:
            if self._closed:
                raise RuntimeError("these HTTP clients are closed; make a new HttpClients")
            client = httpx.Client(
                transport=DeadlineTransport(self._tls),
                # A cookie set for one shop's call must not travel with another shop's.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                headers={"user-agent": "packwitness"},
                follow_redirects=False,
            )
            self._clients.append(client)
            return client


class _WithoutQuery(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg
                for arg in record.args
            )
        return True


_WITHOUT_QUERY = _WithoutQuery()


def keep_queries_out_of_logs() -> None:
    """Drop the query from what httpx logs at INFO: marketplaces want tokens in it."""
    logging.getLogger("httpx").addFilter(_WITHOUT_QUERY)
