"""deploy/set-up: what it makes fits compose.yaml and the program, and nothing is replaced."""

import hashlib
import json
import re
import shutil
import ssl
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from cloud.main.settings_loading import load
from tests.support.plain_yaml import parse

DEPLOY = Path(__file__).parents[2] / "deploy"
WEB, MQTT = "packwitness.example.com", "mqtt.example.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of deploy/ in which nothing was made yet."""
    made = tmp_path / "deploy"
    shutil.copytree(DEPLOY, made, ignore=shutil.ignore_patterns("secrets", "data", ".env"))
    return made


def set_up(folder: Path) -> str:
    done = subprocess.run(
        [folder / "set-up", WEB, MQTT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def hashes(folder: Path) -> dict[str, str]:
    files = [*(folder / "secrets").iterdir(), folder / ".env"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_it_makes_every_file_that_compose_names(folder: Path) -> None:
    set_up(folder)
    compose = parse((folder / "compose.yaml").read_text())
    assert all((folder / one["file"]).is_file() for one in compose["secrets"].values())
    mounts = [
        one.split(":")[0] for it in compose["services"].values() for one in it.get("volumes", [])
    ]
    assert all((folder / one).exists() for one in mounts)
    wanted = set(re.findall(r"\$\{(\w+)", (folder / "compose.yaml").read_text()))
    given = dict(line.split("=", 1) for line in (folder / ".env").read_text().splitlines())
    assert given == {"PACKWITNESS_WEB_NAME": WEB, "PACKWITNESS_MQTT_NAME": MQTT}
    assert wanted == set(given)


def test_other_users_of_the_machine_are_kept_out(folder: Path) -> None:
    set_up(folder)
    for name in ("secrets", "data"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secrets" / "authority.key").stat().st_mode) == 0o400


def test_the_settings_are_taken_and_the_keys_are_those_of_the_store(folder: Path) -> None:
    set_up(folder)
    text = (folder / "secrets" / "cloud.toml").read_text()
    file = folder / "for-here.toml"
    # what compose.yaml gives by variables, and the place of the file outside of a container
    file.write_text(
        text.replace("[s3]", '[s3]\nbucket = "parcel-photos"').replace(
            "[broker]", "[broker]\nembedded = false"
        )
    )
    settings = load(file)
    password = (folder / "secrets" / "postgres_password").read_text().strip()
    assert f":{password}@postgres/" in settings.database_url
    assert len(settings.broker.password.get_secret_value()) >= 32
    [identity] = json.loads((folder / "secrets" / "s3_users.json").read_text())["identities"]
    assert identity["credentials"] == [
        {
            "accessKey": settings.s3.access_key_id.get_secret_value(),
            "secretKey": settings.s3.secret_access_key.get_secret_value(),
        }
    ]
    assert "Admin" not in identity["actions"]


@pytest.mark.parametrize(("file", "name"), [("web", WEB), ("mqtt", MQTT)])
def test_the_certificates_are_of_the_two_names(folder: Path, file: str, name: str) -> None:
    set_up(folder)
    secrets = folder / "secrets"
    made = x509.load_pem_x509_certificate((secrets / f"{file}.pem").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]
    authority = x509.load_pem_x509_certificate((secrets / "mqtt_ca.pem").read_bytes())
    made.verify_directly_issued_by(authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secrets / f"{file}.pem", secrets / f"{file}.key")


def test_typed_again_it_replaces_nothing_and_makes_what_is_missing(folder: Path) -> None:
    set_up(folder)
    before = hashes(folder)
    (folder / "secrets" / "web.pem").unlink()
    set_up(folder)
    after = hashes(folder)
    assert {name for name in before if before[name] != after[name]} == {"web.pem", "web.key"}


def test_it_shows_no_secret(folder: Path) -> None:
    """Invariant 9."""
    said = set_up(folder)
    words = re.findall(r"[0-9a-f]{48}", (folder / "secrets" / "cloud.toml").read_text())
    assert len(words) == 4
    assert not [word for word in words if word in said]
