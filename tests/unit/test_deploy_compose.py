"""deploy/compose.yaml against the program itself: its commands, settings, secrets and ports."""

import itertools
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from cloud.main.commands import app
from cloud.main.settings import ENVIRONMENT_PREFIX, CloudSettings
from cloud.main.settings_loading import FILE_VARIABLE
from tests.support.plain_yaml import NotPlain, parse

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = parse((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("packwitness-")}
ROLES = {"web", "link", "dispatch", "sync"}
TLS_PORTS = {"proxy": "443:8443", "broker": "8883:8883"}
"""The only doors to the outside."""


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ('a: 1\nb:\n  c: ["x", "y"]\n', {"a": "1", "b": {"c": ["x", "y"]}}),
        (
            "a: &x\n  b: 1\n  c: 2\nd:\n  <<: *x\n  c: 3\n",
            {"a": {"b": "1", "c": "2"}, "d": {"b": "1", "c": "3"}},
        ),
        ("a:\n  - -x=1\n  - b: 2\n    c: 3\n", {"a": ["-x=1", {"b": "2", "c": "3"}]}),
        ("a:\nb: {}\n", {"a": None, "b": {}}),
    ],
)
def test_the_reader_understands_what_the_file_uses(text: str, means: dict[str, Any]) -> None:
    assert parse(text) == means


@pytest.mark.parametrize(
    "text",
    ["a: |\n  b\n", "a: 'b'\n", "a: b # c\n", "- a\n", "a: 1\na: 2\n", "a:\n  b: 1\n c: 2\n"],
)
def test_the_reader_refuses_the_rest(text: str) -> None:
    with pytest.raises(NotPlain):
        parse(text)


def settings_of(model: type[BaseModel], prefix: str) -> dict[str, Any]:
    """Every environment variable that the settings know."""
    known: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            known |= settings_of(kind, f"{prefix}{name.upper()}__")
        else:
            known[f"{prefix}{name.upper()}"] = field
    return known


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_ours_exists(name: str) -> None:
    done = CliRunner().invoke(app, [*OURS[name]["command"], "--help"])
    assert done.exit_code == 0, done.output


def test_each_role_has_a_service_that_starts_after_the_schema_is_made() -> None:
    running = {name: one["command"] for name, one in OURS.items() if one["command"][0] == "run"}
    assert running == {role: ["run", role] for role in ROLES}
    assert SERVICES["prepare"]["command"] == ["init"]
    for role in ROLES:
        after = SERVICES[role]["depends_on"]["prepare"]
        assert after == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", OURS)
def test_every_setting_exists_and_is_taken(name: str) -> None:
    environment = OURS[name]["environment"]
    known = settings_of(CloudSettings, ENVIRONMENT_PREFIX) | {FILE_VARIABLE: None}
    ours = {key for key in environment if key.startswith("PACKWITNESS_")}
    assert ours <= set(known)
    assert set(environment) - ours <= {"FORWARDED_ALLOW_IPS"}


@pytest.mark.parametrize("name", OURS)
def test_the_settings_fit_together(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in OURS[name]["environment"].items():
        if key != FILE_VARIABLE:
            monkeypatch.setenv(key, re.sub(r"\$\{.*?\}", "name.example.com", value))
    settings = CloudSettings(
        broker={"password": "x"}, s3={"access_key_id": "x", "secret_access_key": "y"}
    )
    assert settings.broker.tls
    assert settings.s3.bucket == "parcel-photos"
    assert settings.web.public_url == "https://name.example.com"


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for key in service.get("environment") or {}:
            is_secret = re.search("PASSWORD|SECRET|KEY", key) and not key.endswith("_FILE")
            assert not is_secret, f"{name}: {key}"


def test_every_secret_is_declared_as_a_file_and_used() -> None:
    declared = COMPOSE["secrets"]
    used = {one for service in SERVICES.values() for one in service.get("secrets", [])}
    assert used == set(declared)
    assert all(one["file"].startswith("./secrets/") for one in declared.values())
    text = "".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file())
    named = set(re.findall(r"/run/secrets/([\w.]+)", text))
    assert named <= set(declared)


def test_whoever_reads_a_secret_is_given_it() -> None:
    for name, service in SERVICES.items():
        mounted = [DEPLOY / one.split(":")[0] for one in service.get("volumes", []) if ":ro" in one]
        texts = [path.read_text() for path in mounted if path.is_file()] + [str(service)]
        named = set(re.findall(r"/run/secrets/([\w.]+)", "".join(texts)))
        assert named <= set(service.get("secrets", [])), name


def test_nothing_is_open_to_others_but_tls() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert published == {name: [port] for name, port in TLS_PORTS.items()}
    proxy = (DEPLOY / "proxy" / "nginx.conf").read_text()
    assert re.findall(r"listen\s+(.+?);", proxy) == ["8443 ssl"]
    broker = (DEPLOY / "broker" / "rabbitmq.conf").read_text()
    listeners = re.findall(r"^((?:mqtt\.)?listeners\S*) = (\S+)", broker, re.MULTILINE)
    assert listeners == [
        ("listeners.tcp", "none"),
        ("mqtt.listeners.tcp", "none"),
        ("mqtt.listeners.ssl.default", "8883"),
    ]


def test_only_those_who_need_it_are_in_a_network_with_a_way_out() -> None:
    open_networks = {
        name for name, one in COMPOSE["networks"].items() if one.get("internal") != "true"
    }
    outside = {name for name, one in SERVICES.items() if set(one["networks"]) & open_networks}
    assert outside == {"proxy", "broker", "link", "dispatch", "sync"}
    front = {name for name, one in SERVICES.items() if "pages" in one["networks"]}
    assert front == {"proxy", "web"}, "the proxy's word about who asks is believed"
    subnet = COMPOSE["networks"]["pages"]["ipam"]["config"][0]["subnet"]
    assert SERVICES["web"]["environment"]["FORWARDED_ALLOW_IPS"] == subnet


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_least_rights_and_an_exact_image(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] == "true"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    user, _, group = service["user"].partition(":")
    assert user.isdigit()
    assert group.isdigit()
    assert "0" not in {user, group}
    assert re.fullmatch(
        r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?(@sha256:[0-9a-f]{64})?", service["image"]
    )
    is_once = service["restart"] in {"no", "on-failure"}
    assert is_once or "healthcheck" in service


def test_the_image_is_of_this_version_and_of_locked_packages() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {one["image"] for one in OURS.values()} == {f"packwitness-cloud:{version}"}
    text = (DEPLOY / "Containerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases
    assert all(re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", one) for one in bases)
    installs = re.findall(r"pip install (.*?)(?: \\)?$", text, re.MULTILINE)
    assert installs
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)
    assert "USER 10001:10001" in text
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    assert all((ROOT / path).exists() for one in copied for path in one.split())
    allowed = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    assert {f"!{path}" for one in copied for path in one.split()} <= set(allowed)


def test_what_builds_the_image_is_in_the_lock() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    wanted = re.search(r"keep = /\^\((.+?)\)==/", text)
    assert wanted is not None
    locked = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "locks" / "run.lock").read_text(), re.MULTILINE)
    )
    assert set(wanted[1].split("|")) <= locked
    assert "hatchling" in wanted[1]


def typed_commands() -> list[list[str]]:
    """What deploy/README.md tells to type after `prepare` or the program's name."""
    text = (DEPLOY / "README.md").read_text().replace("\\\n", " ")
    lines = re.findall(r"(?:run --rm[^`\n]* prepare|bin/packwitness-cloud) +([a-z][^`\n]*)", text)
    return [shlex.split(line) for line in lines]


def test_what_the_guide_tells_to_type_exists() -> None:
    commands = typed_commands()
    assert {words[0] for words in commands} >= {"init", "table", "shop", "check", "move-database"}
    for words in commands:
        names = list(itertools.takewhile(lambda one: re.fullmatch(r"[a-z]+(-[a-z]+)?", one), words))
        done = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200"})
        assert done.exit_code == 0, names
        options = [one for one in words if one.startswith("--")]
        assert not [one for one in options if one not in done.output], words
