"""Settings of the cloud: file, environment, mistakes that are named, secrets that are not."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from cloud.main import settings_loading
from cloud.main.errors import BadSettings
from cloud.main.settings import CloudSettings, PicturesSettings, SendingSettings
from cloud.main.settings_loading import load
from cloud.photos.settings import S3Settings

PREFIX = "PACKWITNESS_CLOUD_"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setattr(settings_loading, "DEFAULT_FILE", tmp_path / "default.toml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cloud.toml"


def test_a_lease_must_outlast_a_request() -> None:
    """Otherwise no request would ever be made."""
    with pytest.raises(ValidationError, match="lease_s must be at least twice request_deadline_s"):
        SendingSettings(request_deadline_s=60)
    assert SendingSettings(request_deadline_s=60, lease_s=120).lease_s == 120


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"time_zone": "Asia/Nowhere"}, "no time zone is called 'Asia/Nowhere' here"),
        ({"time_zone": "../etc/passwd"}, "no time zone is called"),
        ({"side_px": 100}, "nobody could see anything on less than 320 pixels"),
    ],
)
def test_pictures_that_cannot_be_are_refused(wrong: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        PicturesSettings.model_validate(wrong)


def test_the_defaults_bind_to_loopback() -> None:
    settings = load(None)
    assert settings.web.host == settings.broker.host == "127.0.0.1"
    assert settings.broker.embedded
    assert settings.database_url == "sqlite:////var/lib/packwitness-cloud/packwitness.sqlite3"


def test_environment_before_file_before_default(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('data_dir = "/srv/pw"\n[web]\nport = 8123\nhost = "::1"\n')
    monkeypatch.setenv(f"{PREFIX}WEB__HOST", "127.0.0.2")
    settings = load(file)
    assert settings.data_dir == Path("/srv/pw")
    assert (settings.web.host, settings.web.port) == ("127.0.0.2", 8123)
    assert settings.broker.port == 18830


def test_the_default_file_is_read_if_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text("[web]\nport = 8124\n")
    assert load(None).web.port == 8124


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[web]\nport = 99999\n", ["setting web.port: "]),
        ("[web]\nprot = 1\n", ["setting web.prot: "]),
        ("[wbe]\nport = 1\n", ["setting wbe: "]),
        ("log_level = 'LOUD'\n", ["setting log_level: "]),
        ("[sending]\nsenders = 0\n[web]\nport = 0\n", ["setting web.port: ", "sending.senders: "]),
        ("[web]\nport = \n", ["cloud.toml: ", "line 2"]),
        ("[broker]\ntls = true\n", ["setting broker: ", "embedded=false"]),
    ],
)
def test_a_mistake_in_the_file_is_named(file: Path, text: str, said: list[str]) -> None:
    file.write_text(text)
    with pytest.raises(BadSettings) as mistake:
        load(file)
    for words in said:
        assert words in str(mistake.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WEB__PORT", "eighty", "setting web.port: "),
        ("WEB__PROT", "80", "setting web.prot: "),
        ("WBE__PORT", "80", f"environment: {PREFIX}WBE__PORT is no setting"),
        ("DATADIR", "/x", f"environment: {PREFIX}DATADIR is no setting"),
        ("WEB", "not json", 'field "web"'),
    ],
)
def test_a_mistake_in_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(BadSettings, match="setting") as mistake:
        load(None)
    assert said in str(mistake.value)


def test_the_variable_that_names_the_file_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}CONFIG", "/somewhere/cloud.toml")
    assert isinstance(load(None), CloudSettings)


def test_a_file_that_is_named_must_be_there(file: Path) -> None:
    with pytest.raises(BadSettings, match="No such file"):
        load(file)


def test_a_file_that_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadSettings, match=r"cloud\.toml"):
        load(file)


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 9."""
    monkeypatch.setenv(f"{PREFIX}BROKER__PASSWORD", "hunter2")
    monkeypatch.setenv(f"{PREFIX}DATABASE", "postgresql+psycopg://packwitness:hunter2@db/pw")
    settings = load(None)
    assert settings.database_url == "postgresql+psycopg://packwitness:hunter2@db/pw"
    assert settings.broker.password.get_secret_value() == "hunter2"
    shown = settings.model_dump_json() + repr(settings) + str(settings)
    assert "hunter2" not in shown
    assert "packwitness:***@db/pw" in shown


def test_an_address_that_cannot_be_read_is_not_shown_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"{PREFIX}DATABASE", "hunter2 @ db")
    assert "hunter2" not in load(None).model_dump_json()


S3 = "[s3]\nbucket = 'photos'\n"


@pytest.mark.parametrize(
    "text",
    [
        S3,
        S3 + "endpoint = 'https://s3.example.com:9000/'\n",
        S3 + "endpoint = 'http://127.0.0.1:9000'\n",
        S3 + "endpoint = 'http://[::1]:9000'\n",
        S3 + "endpoint = 'http://localhost:9000'\n",
        S3 + "endpoint = 'http://10.0.0.5:9000'\nallow_http = true\n",
        S3 + "prefix = 'shop/photos'\naccess_key_id = 'a'\nsecret_access_key = 'b'\n",
    ],
)
def test_a_bucket_is_accepted(file: Path, text: str) -> None:
    file.write_text(text)
    assert load(file).s3.store.bucket == "photos"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (S3 + "endpoint = 'http://10.0.0.5:9000'\n", "in clear: use https://"),
        (S3 + "endpoint = 's3.example.com'\n", "endpoint is no address"),
        (S3 + "endpoint = 'https://me:hunter2@s3.example.com'\n", "endpoint is no address"),
        (S3 + "endpoint = 'https://s3.example.com/photos'\n", "endpoint is no address"),
        (S3 + "access_key_id = 'hunter2'\n", "belong together"),
        (S3 + "prefix = '../other'\n", "s3.prefix"),
        ("[s3]\nbucket = 'Photos!'\n", "s3.bucket"),
        ("[s3]\nendpoint = 'https://s3.example.com'\n", "bucket is missing"),
        ("[s3]\naccess_key_id = 'a'\nsecret_access_key = 'b'\n", "bucket is missing"),
    ],
)
def test_a_bucket_that_cannot_be_is_refused(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(BadSettings) as mistake:
        load(file)
    assert said in str(mistake.value)
    assert "hunter2" not in str(mistake.value)


def test_keys_of_the_bucket_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 9."""
    monkeypatch.setenv(f"{PREFIX}S3__BUCKET", "photos")
    monkeypatch.setenv(f"{PREFIX}S3__ACCESS_KEY_ID", "AKHUNTER")
    monkeypatch.setenv(f"{PREFIX}S3__SECRET_ACCESS_KEY", "hunter2")
    settings = load(None)
    store = settings.s3.store
    assert (store.access_key_id, store.secret_access_key) == ("AKHUNTER", "hunter2")
    shown = settings.model_dump_json() + repr(settings) + str(settings) + repr(store)
    assert "hunter" not in shown.lower()


@pytest.mark.parametrize(
    ("path_style", "endpoint", "address"),
    [
        (True, "", "https://s3.ap-southeast-1.amazonaws.com"),
        (False, "", "https://photos.s3.ap-southeast-1.amazonaws.com"),
        (True, "https://s3.example.com:9000/", "https://s3.example.com:9000"),
        (False, "https://s3.example.com:9000/", "https://photos.s3.example.com:9000"),
    ],
)
def test_requests_go_to_the_bucket_in_the_wanted_style(
    path_style: bool, endpoint: str, address: str
) -> None:
    store = S3Settings("photos", endpoint, region="ap-southeast-1", path_style=path_style)
    assert store.request_endpoint == address
    assert store.described.startswith("the bucket photos at https://s3.")


def test_every_setting_is_described() -> None:
    for name, field in CloudSettings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and hasattr(section, "model_fields"):
            for inner, described in section.model_fields.items():
                assert described.description, f"{name}.{inner}"
        else:
            assert field.description, name
