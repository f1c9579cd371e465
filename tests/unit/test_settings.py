"""Where settings come from, and that every mistake is reported together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trug.settings import OFF, SettingsError, as_text, from_text, read_settings, shown, upload_profiles


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_flags_win_over_environment_over_dotenv_over_toml(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TRUG_PORT=2\nTRUG_KEEP_ALIVE=2\nTRUG_INLINE_MAX=2\n")
    (tmp_path / "trug.toml").write_text("port = 1\nkeep-alive = 1\ninline_max = 1\nmax_header_bytes = 2048\n")
    environment = {"TRUG_PORT": "3", "TRUG_KEEP_ALIVE": "3"}
    settings = read_settings({"port": ["4"]}, environment=environment)
    assert (settings.port, settings.keep_alive, settings.inline_max, settings.max_header_bytes) == (4, 3, 2, 2048)
    assert settings.origins["port"] == "flag --port"
    assert settings.origins["keep_alive"] == "environment TRUG_KEEP_ALIVE"
    assert settings.origins["inline_max"] == ".env TRUG_INLINE_MAX"
    assert settings.origins["max_header_bytes"] == "trug.toml"


def test_minio_names_are_a_fallback() -> None:
    minio = {"MINIO_ROOT_USER": "u", "MINIO_ROOT_PASSWORD": "p"}
    assert read_settings(environment=minio).root_access_key == "u"
    own = minio | {"TRUG_ROOT_ACCESS_KEY": "a", "TRUG_ROOT_SECRET_KEY": "s"}
    assert (read_settings(environment=own).root_access_key, read_settings(environment=own).root_secret_key) == (
        "a",
        "s",
    )


def test_keys_of_any_shape_from_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('MINIO_ROOT_USER=a b\nMINIO_ROOT_PASSWORD="it\'s ${HOME} #1"\n')
    settings = read_settings(environment={})
    assert (settings.root_access_key, settings.root_secret_key) == ("a b", "it's ${HOME} #1")


def test_secret_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    environment = {"TRUG_ROOT_ACCESS_KEY": "a", "TRUG_ROOT_SECRET_KEY_FILE": str(tmp_path / "secret")}
    assert read_settings(environment=environment).root_secret_key == "from a file"


def test_lists_and_off() -> None:
    environment = {"TRUG_REGION": "eu-1, us-east-1", "TRUG_CONSOLE_PORT": "off"}
    settings = read_settings({"domain": ["a.test", "b.test"]}, environment=environment)
    assert settings.region == ("eu-1", "us-east-1")
    assert settings.domain == ("a.test", "b.test")
    assert settings.console_port == OFF


def test_all_mistakes_together(tmp_path: Path) -> None:
    (tmp_path / "trug.toml").write_text('prot = 9000\nworkers = "many"\n')
    with pytest.raises(SettingsError) as caught:
        read_settings({"port": ["99999"], "tls_cert": ["a.pem"]}, environment={"TRUG_INLINE_MAX": "x"})
    text = str(caught.value)
    for part in ("prot is not a setting", "workers", "port", "inline_max", "tls_cert and tls_key go together"):
        assert part in text


def test_dev_binds_loopback_only() -> None:
    with pytest.raises(SettingsError, match="loopback"):
        read_settings({"dev": ["true"], "host": ["0.0.0.0"]}, environment={})


def test_websites_have_a_domain_of_their_own() -> None:
    settings = read_settings({"domain": ["s3.test"], "website_domain": ["site.test", "s3.site.test"]}, environment={})
    assert (settings.website_domain, settings.warnings) == (("site.test", "s3.site.test"), ())
    with pytest.raises(SettingsError, match="website_domain and domain must differ"):
        read_settings({"domain": ["s3.test"], "website_domain": ["s3.test"]}, environment={})


def test_secrets_are_not_shown() -> None:
    environment = {
        "TRUG_ROOT_ACCESS_KEY": "access",
        "TRUG_ROOT_SECRET_KEY": "hidden-1",
        "TRUG_METRICS_TOKEN": "hidden-2",
    }
    settings = read_settings(environment=environment)
    assert "hidden" not in repr(settings)
    rows = {name: (value, origin) for name, value, origin in shown(settings)}
    assert rows["root_secret_key"] == ("***", "environment TRUG_ROOT_SECRET_KEY")
    assert rows["root_access_key"][0] == "access"
    assert rows["port"] == ("9000", "default")


def test_unknown_variables_are_said() -> None:
    warnings = read_settings({}, environment={"TRUG_PROT": "1"}).warnings
    assert any("TRUG_PROT" in text for text in warnings)


def test_new_buckets() -> None:
    settings = read_settings({"block_public_access": ["true"], "object_ownership": ["ObjectWriter"]}, environment={})
    assert (settings.block_public_access, settings.object_ownership, settings.warnings) == (True, "ObjectWriter", ())


def test_directory_in_a_checkout_and_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data/home")
    assert read_settings(environment={}).directory == "/data/home/trug"
    (tmp_path / "storage_data").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert read_settings(environment={}).directory == "storage_data"
    assert read_settings(environment={}, directory="given").directory == "given"


def test_a_process_of_our_own_gets_all_of_it() -> None:
    flags = {"host": ["127.0.0.1", "::1"], "workers": ["4"], "domain": ["example.org"], "keep_alive": ["7.5"]}
    settings = read_settings(flags, environment={"TRUG_ROOT_ACCESS_KEY": "root", "TRUG_ROOT_SECRET_KEY": "secret"})
    assert from_text(as_text(settings)) == settings
    assert from_text(as_text(settings)).origins == settings.origins
    assert settings.warnings == ()


@pytest.mark.parametrize("url", ["vault+https://vault:8200/v1/transit", "aws+http://127.0.0.1:4599"])
def test_a_key_service(url: str) -> None:
    settings = read_settings({"kms": [url]}, environment={"TRUG_KMS_TOKEN": "hidden"})
    assert (settings.kms, settings.kms_token) == (url, "hidden")
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("url", ["https://vault:8200", "vault+ftp://vault", "gcp+https://host", "vault"])
def test_what_is_no_key_service(url: str) -> None:
    with pytest.raises(SettingsError, match="a key service is"):
        read_settings({"kms": [url]}, environment={"TRUG_KMS_TOKEN": "hidden"})


def test_a_key_service_needs_a_token() -> None:
    with pytest.raises(SettingsError, match="kms and kms_token go together"):
        read_settings({"kms": ["vault+https://vault:8200/v1/transit"]}, environment={})


def test_the_share_of_a_job() -> None:
    assert read_settings({"emptying_share": ["0.1"]}, environment={}).emptying_share == 0.1


@pytest.mark.parametrize("share", ["0", "-0.5", "1.1", "nan", "all"])
def test_what_is_no_share(share: str) -> None:
    with pytest.raises(SettingsError, match="emptying_share"):
        read_settings({"emptying_share": [share]}, environment={})


def test_uploads_over_the_http_api() -> None:
    assert read_settings(environment={"UPLOAD_TIMEOUT_SECONDS": "7"}).upload_timeout == 7
    assert read_settings(environment={"UPLOAD_TIMEOUT_SECONDS": "7", "TRUG_UPLOAD_TIMEOUT": "8"}).upload_timeout == 8
    assert "image/png" in read_settings(environment={}).upload_types
    given = read_settings(environment={"TRUG_UPLOAD_TYPES": "image/*,Video/MP4"})
    assert given.upload_types == ("image/*", "video/mp4")
    with pytest.raises(SettingsError, match="media type"):
        read_settings({"upload_types": ["png"]}, environment={})


def test_upload_profiles_are_tables(tmp_path: Path) -> None:
    file = tmp_path / "trug.toml"
    file.write_text('[upload_profiles.avatars]\nbucket = "people"\ntypes = ["image/png"]\nlargest = 1048576\n')
    settings = read_settings(config=str(file), environment={})
    profiles = upload_profiles(from_text(as_text(settings)).upload_profiles)
    assert sorted(profiles) == ["avatars", "default"]
    assert (profiles["avatars"].bucket, profiles["avatars"].types) == ("people", ("image/png",))
    assert profiles["avatars"].largest == 1 << 20
    assert profiles["default"].bucket == "uploads"


@pytest.mark.parametrize(
    "profile",
    [
        {"key": "{extension}"},
        {"key": "{uuid}/{password}"},
        {"key": "{uuid"},
        {"key": "{uuid.int}"},
        {"key": "{uuid!r}"},
        {"key": "{uuid:>4000000000}"},
        {"types": []},
        {"types": ["image"]},
        {"types": ["*/*"]},
        {"largest": 0},
        {"lifetime": 604_801},
        {"lifetime": "long"},
        {"parts_from": 1},
        {"colour": "red"},
    ],
)
def test_profiles_that_are_none(profile: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="upload_profiles"):
        read_settings(environment={"TRUG_UPLOAD_PROFILES": json.dumps({"mine": profile})})


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 5}'])
def test_profiles_that_are_no_json(text: str) -> None:
    with pytest.raises(SettingsError, match="upload_profiles"):
        read_settings({"upload_profiles": [text]}, environment={})
