"""Delivers what waits: one push of an app after the other, apps beside each other."""

import asyncio
import logging
import sqlite3
import time
from collections import deque

import httpx

from sandbox.market.entities import Id
from sandbox.market.push.entities import Attempt, Delivery, PushEndpoint
from sandbox.market.push.outbox import AnyOutbox

logger = logging.getLogger(__name__)
# The clock can be moved, and due pushes become due by the passing of time too.
LOOK_EVERY_S = 0.5
FORGET_EVERY_S = 60.0


class PushSender:
    """Works in the server's event loop. What is not recorded as through is sent again after a kill.

    When pushes are due is told by the sandbox's clock; only the deadline of an attempt is real
    time.
    """

    def __init__(self, outbox: AnyOutbox) -> None:
        self._outbox = outbox
        self._world = outbox.world
        self._http: httpx.AsyncClient | None = None
        self._looking: asyncio.Task[None] | None = None
        self._working: dict[Id, asyncio.Task[None]] = {}
        self._outcomes: dict[Id, deque[tuple[float, bool]]] = {}
        self._forgot_at = time.monotonic()
        self._looked_at = 0.0
        for delivery in outbox.deliveries:
            for attempt in delivery.attempts:
                self._count(delivery.app_id, attempt)

    def start(self) -> None:
        """Begin to deliver."""
        self._http = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Break off what is under way; it is sent again after the next start."""
        tasks = [*self._working.values(), *filter(None, [self._looking])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()

    async def attempt(
        self, url: str, headers: dict[str, str], body: bytes, deadline_s: float
    ) -> Attempt:
        """One try to deliver; never raises."""
        began = time.monotonic()
        outcome = await self._outcome(url, headers, body, deadline_s)
        return Attempt(
            at=self._world.clock.now(),
            outcome=outcome,
            took_ms=round((time.monotonic() - began) * 1000),
        )

    def forget_outcomes(self, app_id: Id) -> None:
        """Start counting successes anew, as for a new callback address."""
        self._outcomes.pop(app_id, None)

    async def _outcome(
        self, url: str, headers: dict[str, str], body: bytes, deadline_s: float
    ) -> str:
        if self._http is None:
            return "the sandbox does not serve yet"
        try:
            async with asyncio.timeout(deadline_s):
                # Our deadline covers everything; httpx's own are for single reads.
                answer = await self._http.post(url, content=body, headers=headers, timeout=None)
        except TimeoutError:
            return f"no answer within {deadline_s:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"no answer: {type(error).__name__}"
        return self._outbox.what_is_wrong(answer.status_code, answer.content) or "ok"

    async def _look(self) -> None:
        async for _ in self._world.doorbell.rings(quiet_s=LOOK_EVERY_S):
            try:
                self._let_time_pass()
                self._forget_old()
                self._world.commit()
            except sqlite3.Error:
                logger.exception("cannot store what is to be pushed")
            for app_id in {delivery.app_id for delivery in self._outbox.deliveries.waiting()}:
                known = self._working.get(app_id)
                if known is None or known.done():
                    self._working[app_id] = asyncio.create_task(self._work(app_id))

    def _let_time_pass(self) -> None:
        """Not at each of many changes in a moment: a platform may walk through all it has."""
        now = self._world.clock.now()
        if abs(now - self._looked_at) >= LOOK_EVERY_S:
            self._looked_at = now
            self._outbox.look_at_the_clock()

    async def _work(self, app_id: Id) -> None:
        try:
            while delivery := self._outbox.next_for(app_id):
                endpoint = self._outbox.endpoints.get(app_id)
                if endpoint is None or endpoint.stopped_at is not None:
                    self._give_up(delivery)
                else:
                    self._record(delivery.push_id, await self._try(delivery, endpoint))
        except sqlite3.Error:
            # What cannot be recorded is sent once more at the next look, as real pushes may be.
            logger.exception("cannot store a push", extra={"app_id": app_id})

    async def _try(self, delivery: Delivery, endpoint: PushEndpoint) -> Attempt:
        url, body = endpoint.address_of(delivery.push_kind), delivery.body.encode()
        # Another body's signature: the right form, and wrong.
        signed = body + b" " if delivery.bad_signature else body
        headers = self._outbox.headers(delivery.app_id, url, signed)
        deadline_s = self._outbox.deadline_s(delivery.push_kind)
        return await self.attempt(url, headers, body, deadline_s)

    def _record(self, push_id: int, attempt: Attempt) -> None:
        delivery = self._outbox.deliveries.get(push_id)
        if delivery is None or delivery.state != "waiting":
            return  # The state was reset meanwhile.
        attempts = [*delivery.attempts, attempt]
        changes: dict[str, object] = {"attempts": attempts}
        due_at = self._outbox.rules.next_due(len(attempts), attempt.at)
        if attempt.succeeded:
            changes |= {"state": "delivered", "finished_at": attempt.at}
        elif due_at is None:
            changes |= {"state": "lost", "finished_at": attempt.at}
        else:
            changes["due_at"] = due_at
        self._outbox.deliveries.put(delivery.model_copy(update=changes))
        self._count(delivery.app_id, attempt)
        self._judge(delivery.app_id, attempt.at)
        self._world.commit()

    def _give_up(self, delivery: Delivery) -> None:
        changes = {"state": "lost", "finished_at": self._world.clock.now()}
        self._outbox.deliveries.put(delivery.model_copy(update=changes))
        self._world.commit()

    def _count(self, app_id: Id, attempt: Attempt) -> None:
        self._outcomes.setdefault(app_id, deque()).append((attempt.at, attempt.succeeded))

    def _judge(self, app_id: Id, now: float) -> None:
        rule, endpoint = self._outbox.rules.success, self._outbox.endpoints.get(app_id)
        if rule is None or endpoint is None:
            return
        outcomes = self._outcomes[app_id]
        while outcomes and now - outcomes[0][0] > rule.window_s:
            outcomes.popleft()
        health = rule.judge(outcomes, now)
        warned, stopped_at = health == "warning", now if health == "stopped" else None
        if (warned, stopped_at) != (endpoint.warned, endpoint.stopped_at):
            changes = {"warned": warned, "stopped_at": stopped_at}
            self._outbox.endpoints.put(endpoint.model_copy(update=changes))

    def _forget_old(self) -> None:
        if time.monotonic() - self._forgot_at < FORGET_EVERY_S:
            return
        self._forgot_at = time.monotonic()
        since = self._world.clock.now() - self._outbox.rules.keep_s
        for delivery in list(self._outbox.deliveries.finished_before(since)):
            self._outbox.deliveries.remove(delivery)
