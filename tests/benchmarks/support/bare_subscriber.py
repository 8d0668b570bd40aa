"""The bare peer of the link: a paho subscriber that writes, fsyncs and says so.

``python -m tests.benchmarks.support.bare_subscriber PORT PASSWORD FOLDER``
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.benchmarks.support.durable import write_durable

_SLICES: dict[str, dict[int, bytes]] = defaultdict(dict)


def main(port: int, password: str, folder: Path) -> None:
    """Run until killed."""

    def on_message(client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        *root, _up, _photo, sha256, offset = message.topic.split("/")
        slices = _SLICES[sha256]
        slices[int(offset)] = bytes(message.payload)
        size_bytes = int(message.properties.UserProperty[0][1])  # type: ignore[union-attr]  # sent
        if sum(map(len, slices.values())) < size_bytes:
            return
        data = b"".join(part for _, part in sorted(_SLICES.pop(sha256).items()))
        write_durable(folder / f"{sha256}.jpg", data)
        answer = {"version": 1, "photos": [{"sha256": sha256, "result": "receipted"}]}
        client.publish("/".join([*root, "down", "answer"]), json.dumps(answer), qos=1)

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="cloud", protocol=paho.MQTTv5)
    client.username_pw_set("cloud", password)
    client.on_message = on_message
    client.on_connect = lambda one, *_: one.subscribe("packwitness/v1/+/+/up/photo/#", qos=1)
    client.on_subscribe = lambda *_: say_ready()
    client.connect("127.0.0.1", port)
    client.loop_forever()


def say_ready() -> None:
    """What the benchmark waits for."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
