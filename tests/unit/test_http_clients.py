"""Clients per thread: shared by none, silent about queries, and without cookies."""

import logging
import threading

import httpx
import pytest

from cloud.marketplaces.http_clients import HttpClients, keep_queries_out_of_logs


def test_a_thread_keeps_its_client_and_another_gets_another() -> None:
    clients = HttpClients()
    seen: list[httpx.Client] = []
    thread = threading.Thread(target=lambda: seen.append(clients.get()))
    thread.start()
    thread.join()
    assert clients.get() is clients.get()
    assert clients.get() is not seen[0]
    clients.close()


def test_closing_closes_the_clients_of_all_threads_for_good() -> None:
    clients = HttpClients()
    seen: list[httpx.Client] = [clients.get()]
    thread = threading.Thread(target=lambda: seen.append(clients.get()))
    thread.start()
    thread.join()
    clients.close()
    assert all(client.is_closed for client in seen)
    with pytest.raises(RuntimeError, match="closed"):
        clients.get()


def test_the_query_of_a_request_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    keep_queries_out_of_logs()
    keep_queries_out_of_logs()
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    with caplog.at_level(logging.INFO, logger="httpx"), httpx.Client(transport=transport) as http:
        http.get("https://shopee.test/api/v2/order?access_token=t0ps3cret&sign=5ign")
    assert "https://shopee.test/api/v2/order" in caplog.text
    assert "t0ps3cret" not in caplog.text
    assert "5ign" not in caplog.text
