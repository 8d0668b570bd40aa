"""The subjects, in the order in which a technician would look, and how long each may take."""

from collections.abc import Iterator
from dataclasses import dataclass

from edge.clock import Clock
from edge.doctor.apart import run_apart
from edge.doctor.finding import Finding, fine
from edge.doctor.subjects import (
    camera,
    clock,
    cloud,
    credentials,
    daemon,
    disk,
    inputs,
    labels,
    light,
    power,
    rights,
    server,
    service,
    spool,
    versions,
)
from edge.doctor.table import Check, look_at
from edge.settings import TableSettings


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to look at."""

    name: str
    check: Check
    limit_s: float = 10.0
    """A longer silence is itself a finding."""


SUBJECTS = (
    Subject(versions.SUBJECT, versions.check),
    Subject(rights.SUBJECT, rights.check),
    Subject(power.SUBJECT, power.check),
    Subject(service.SUBJECT, service.check, limit_s=20.0),
    Subject(daemon.SUBJECT, daemon.check),
    Subject("clock", clock.check),
    Subject("enrolment", credentials.check),
    Subject("spool", spool.check, limit_s=60.0),
    Subject(disk.SUBJECT, disk.check, limit_s=60.0),
    Subject(server.SUBJECT, server.check, limit_s=20.0),
    Subject("broker", cloud.check, limit_s=60.0),
    Subject("camera", camera.check, limit_s=60.0),
    Subject(inputs.SUBJECT, inputs.check),
    Subject(light.SUBJECT, light.check),
    Subject("labels in photos", labels.check),
)


def examine(settings: TableSettings, moments: Clock) -> Iterator[Finding]:
    """Look at everything, one after the other; a later check runs whatever an earlier one found."""
    yield fine("settings", "can be read")
    table = look_at(settings, moments)
    for subject in SUBJECTS:
        yield from run_apart(subject.name, subject.check, table, subject.limit_s)
