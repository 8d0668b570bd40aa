"""Lists of chats may not be polled: who does loses the permission (marketplace-apis 2.4)."""

from sandbox.lazada.endpoint import Call
from sandbox.lazada.entities import ListRead

HOUR_S = 3600


def count_reading(call: Call, what: str) -> None:
    """Count a reading from the beginning; the first one too many is answered, and ends it all.

    `what` names the list: the sessions, or one session's messages. Going on to a next page is not
    counted, so that a whole history may be read.
    """
    authorization, most = call.authorization, call.world.limits.list_reads_per_hour
    if authorization is None or most is None:
        return
    fresh = ListRead(app_key=authorization.app_key, shop_id=authorization.shop_id, what=what)
    known = call.world.list_reads.get(fresh.key) or fresh
    times = [*(at for at in known.times if call.now - at < HOUR_S), call.now]
    call.world.list_reads.put(known.model_copy(update={"times": times}))
    if len(times) > most:
        call.world.authorizations.put(
            authorization.model_copy(update={"list_reads_withdrawn": True})
        )
