"""With the role `web`: where a broker of one's own asks who may connect, on a port of its own."""

import threading

import uvicorn
from fastapi import FastAPI

from cloud.api.broker_door import broker_door
from cloud.main.broker_access import BrokerAccess
from cloud.main.parts import Parts
from cloud.main.web import listen

_STOP_S = 5.0


class DoorService:
    """The questions of the broker, answered in a thread beside the pages."""

    def __init__(self, made: Parts, access: BrokerAccess) -> None:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        settings = access.settings
        app.include_router(broker_door(made.database, settings.username, access.password))
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._address = (settings.door_host, settings.door_port)
        self._on_death = made.on_death
        self._thread = threading.Thread(target=self._run, name="broker-door", daemon=True)
        self._stopping = threading.Event()

    def start(self) -> None:
        """Listen, then answer. Raises AddressTaken."""
        host, port = self._address
        self._listening = listen(host, port, who="the broker's door", setting="broker.door_")
        self._thread.start()

    def stop(self) -> None:
        """Answer what was asked, and end."""
        self._stopping.set()
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)
            self._listening.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listening])
        except BaseException as error:  # noqa: BLE001  whatever ended the thread must be known
            self._on_death(error)
            return
        if not self._stopping.is_set():
            self._on_death(RuntimeError("the broker's door ended by itself"))
