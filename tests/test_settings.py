"""Settings: every variable with its default, all faults at once in words, and no secret where people look."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from relay.errors import SettingsError
from relay.settings import DAY_MS, Settings, load, mask_url, read_home, write_home

SECRETS = ("nxr_live_key", "nxr_acme_key", "redis_password", "typeform_secret")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def settings(home: Path, **variables: str) -> Settings:
    return load({"RELAY_HOME": str(home), **variables})


def faults(home: Path, **variables: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        settings(home, **variables)
    return raised.value.faults


def test_the_path_of_where_alarms_go_is_a_secret(home: Path) -> None:
    found = settings(home, RELAY_ALARM_URL="https://hooks.example.com/services/T0/B0/a-secret")

    assert found.summary()["RELAY_ALARM_URL"] == "https://hooks.example.com/***"
    assert "a-secret" not in repr(found)


def test_the_day_on_which_a_secret_runs_out_is_read_where_the_secret_is_set(home: Path) -> None:
    days = {
        "META_TOKEN_EXPIRES": " 2026-12-31 ",
        "OTHER_EXPIRES": "whenever",
        "TOKEN_EXPIRES": "2026-12-30T21:00-03:00",
    }
    found = settings(home, META_TOKEN="t", TOKEN="t", **days)

    assert found.expiries == {"META_TOKEN": 1_798_675_200_000, "TOKEN": 1_798_675_200_000}


@pytest.mark.parametrize("day", ["31-12-2026", "2026-02-30", "soon"])
def test_a_day_that_is_none_is_a_fault(home: Path, day: str) -> None:
    assert faults(home, META_TOKEN="t", META_TOKEN_EXPIRES=day) == (
        f"META_TOKEN_EXPIRES: must be a day or a time, as in 2026-12-31, not {day!r}",
    )


def test_nothing_has_to_be_set(home: Path) -> None:
    found = settings(home)

    assert found.redis_url == ""
    assert found.rules == Path("rules")
    assert found.home == home
    assert found.retention_ms == 30 * DAY_MS
    assert (found.max_body, found.workers, found.threads, found.port) == (1_048_576, 2, 64, 8000)
    assert (found.appendfsync, found.log) == ("always", "warning")
    assert {name: (one.url, one.rate) for name, one in found.destinations.items()} == {"default": ("", 50.0)}


def test_the_lease_is_longer_than_the_deadline_of_a_put(home: Path) -> None:
    found = settings(home, LEADS_API_TIMEOUT="2.5")

    assert found.timeout_ms == 2_500
    assert found.lease_ms == 7_500


def test_variables_are_taken_as_they_are_given(home: Path) -> None:
    found = settings(
        home,
        REDIS_URL="redis://example.com:6379/0",
        LEADS_API_URL="https://crm.example.com/api/",
        LEADS_API_KEY=" nxr_live_key\n",
        LEADS_API_RATE="0",
        RELAY_RULES="/etc/rules",
        RELAY_RETENTION_DAYS="7",
        RELAY_APPENDFSYNC="everysec",
        RELAY_LOG="info",
        PORT="0",
    )

    default = found.destinations["default"]
    assert found.redis_url == "redis://example.com:6379/0"
    assert (default.url, default.key, default.rate) == ("https://crm.example.com/api", "nxr_live_key", 0)
    assert (found.rules, found.retention_ms, found.port) == (Path("/etc/rules"), 7 * DAY_MS, 0)
    assert (found.appendfsync, found.log) == ("everysec", "info")


@pytest.mark.parametrize(
    "url", ["redis://", "redis:///1", "rediss://user:pass@example.com:6380", "unix:///run/redis.sock?db=1"]
)
def test_redis_may_be_anywhere(home: Path, url: str) -> None:
    assert settings(home, REDIS_URL=url).redis_url == url


@pytest.mark.parametrize("name", ["RELAY_WORKERS", "LEADS_API_RATE", "RELAY_LOG", "REDIS_URL", "LEADS_API_URL"])
def test_an_empty_variable_is_as_good_as_none(home: Path, name: str) -> None:
    assert settings(home, **{name: ""}).summary() == settings(home).summary()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("RELAY_WORKERS", "0", "must be a number of at least 1, not '0'"),
        ("RELAY_WORKERS", "two", "must be a number of at least 1, not 'two'"),
        ("RELAY_WORKERS", "1.5", "must be a number of at least 1, not '1.5'"),
        ("RELAY_THREADS", "-1", "must be a number of at least 1, not '-1'"),
        ("RELAY_RETENTION_DAYS", "0", "must be a number of at least 1, not '0'"),
        ("RELAY_MAX_BODY", "10", "must be a number of at least 1024, not '10'"),
        ("LEADS_API_TIMEOUT", "0", "must be a number of at least 0.1, not '0'"),
        ("LEADS_API_TIMEOUT", "nan", "must be a number of at least 0.1, not 'nan'"),
        ("LEADS_API_TIMEOUT", "inf", "must be a number of at least 0.1, not 'inf'"),
        ("LEADS_API_RATE", "-1", "must be a number of at least 0, not '-1'"),
        ("LEADS_API_RATE", "inf", "must be a number of at least 0, not 'inf'"),
        ("LEADS_API_RATE__ACME", "fast", "must be a number of at least 0, not 'fast'"),
        ("PORT", "-1", "must be a number of at least 0, not '-1'"),
        ("RELAY_APPENDFSYNC", "no", "must be one of always, everysec, not 'no'"),
        ("RELAY_LOG_FORMAT", "xml", "must be one of json, text, not 'xml'"),
        ("RELAY_ALARM_URL", "chat", "must begin with http:// or https://"),
        ("RELAY_ALARM_DEAD", "0", "must be a number of at least 1, not '0'"),
        ("RELAY_ALARM_WAIT", "x", "must be a number of at least 1, not 'x'"),
        ("RELAY_LOG", "loud", "must be one of warning, info, debug, error, not 'loud'"),
        ("REDIS_URL", "http://example.com", "must begin with redis:// or rediss:// or unix://"),
        ("LEADS_API_URL__ACME", "crm.example.com", "must begin with http:// or https://"),
        # What is no address at all is no better.
        ("LEADS_API_URL__ACME", "http://", "must begin with http:// or https://"),
        ("LEADS_API_URL__ACME", "http://[crm", "must begin with http:// or https://"),
        ("LEADS_API_URL__ACME", "http://crm:port", "must begin with http:// or https://"),
    ],
)
def test_a_variable_that_can_not_be_worked_with_is_said_in_words(home: Path, name: str, value: str, words: str) -> None:
    others = {"LEADS_API_KEY": "nxr_live_key", "LEADS_API_KEY__ACME": "nxr_acme_key"}

    assert faults(home, **others, **{name: value}) == (f"{name}: {words}",)


def test_all_faults_are_said_at_once(home: Path) -> None:
    found = faults(home, RELAY_WORKERS="0", PORT="x", RELAY_LOG="loud", LEADS_API_URL="ftp://crm", REDIS_URL="x")

    assert sorted(found) == [
        "LEADS_API_KEY: is not set, but LEADS_API_URL is",
        "LEADS_API_URL: must begin with http:// or https://",
        "PORT: must be a number of at least 0, not 'x'",
        "REDIS_URL: must begin with redis:// or rediss:// or unix://",
        "RELAY_LOG: must be one of warning, info, debug, error, not 'loud'",
        "RELAY_WORKERS: must be a number of at least 1, not '0'",
    ]


def test_the_text_of_the_error_has_a_line_for_each_fault(home: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(home, RELAY_WORKERS="0", RELAY_THREADS="0")

    assert str(raised.value).splitlines() == list(raised.value.faults)


def test_a_suffix_makes_another_destination(home: Path) -> None:
    found = settings(
        home,
        LEADS_API_URL="https://crm.example.com",
        LEADS_API_KEY="nxr_live_key",
        LEADS_API_URL__ACME="https://acme.example.com",
        LEADS_API_KEY__ACME="nxr_acme_key",
        LEADS_API_RATE__ACME="5",
    )

    acme = found.destinations["acme"]
    assert sorted(found.destinations) == ["acme", "default"]
    assert (acme.name, acme.url, acme.key, acme.rate) == ("acme", "https://acme.example.com", "nxr_acme_key", 5)


def test_a_destination_with_a_key_alone_has_the_default_address(home: Path) -> None:
    found = settings(
        home,
        LEADS_API_URL="https://crm.example.com",
        LEADS_API_KEY="nxr_live_key",
        LEADS_API_KEY__ACME="nxr_acme_key",
    )

    assert found.destinations["acme"].url == "https://crm.example.com"
    assert found.destinations["acme"].key == "nxr_acme_key"


def test_an_address_without_a_key_is_a_fault_for_each_destination(home: Path) -> None:
    found = faults(home, LEADS_API_URL="https://crm.example.com", LEADS_API_URL__ACME="https://acme.example.com")

    assert sorted(found) == [
        "LEADS_API_KEY: is not set, but LEADS_API_URL is",
        "LEADS_API_KEY__ACME: is not set, but LEADS_API_URL__ACME is",
    ]


def test_a_wrong_default_address_is_said_once_though_others_fall_back_on_it(home: Path) -> None:
    found = faults(
        home, LEADS_API_URL="crm", LEADS_API_KEY="nxr_live_key", LEADS_API_KEY__ACME="a", LEADS_API_KEY__B="b"
    )

    assert found == ("LEADS_API_URL: must begin with http:// or https://",)


def test_no_secret_stands_where_people_look(home: Path) -> None:
    found = settings(
        home,
        REDIS_URL="redis://user:redis_password@example.com:6379",
        LEADS_API_URL="https://crm.example.com",
        LEADS_API_KEY="nxr_live_key",
        LEADS_API_KEY__ACME="nxr_acme_key",
        TYPEFORM_SECRET="typeform_secret",
    )

    shown = f"{found!r} {found.summary()} {found.destinations!r} {found}"

    # The URL itself is a setting that clients need whole; it is masked where it is shown.
    assert found.summary()["REDIS_URL"] == "redis://user:***@example.com:6379"
    assert not [secret for secret in SECRETS if secret in shown]


def test_no_secret_stands_in_a_fault(home: Path) -> None:
    found = faults(
        home, REDIS_URL="reddis://:redis_password@example.com", LEADS_API_KEY="nxr_live_key", RELAY_WORKERS="0"
    )

    assert not [secret for secret in SECRETS if secret in str(found)]


def test_the_summary_says_of_a_key_whether_it_is_set(home: Path) -> None:
    found = settings(home, LEADS_API_KEY="nxr_live_key", LEADS_API_KEY__ACME="").summary()

    assert found["LEADS_API_KEY"] == "set"
    assert found["LEADS_API_KEY__ACME"] == "missing"
    assert found["REDIS_URL"] == "embedded"


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("redis://:pass@example.com/0", "redis://:***@example.com/0"),
        ("redis://example.com/0", "redis://example.com/0"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("https://user@example.com", "https://user@example.com"),
        ("", ""),
    ],
)
def test_a_password_in_an_address_is_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def test_what_relay_up_leaves_is_found_by_a_second_terminal(home: Path) -> None:
    write_home(home, {"REDIS_URL": "unix:///run/redis.sock", "LEADS_API_KEY": "a=b"})

    found = settings(home)

    assert found.redis_url == "unix:///run/redis.sock"
    assert found.destinations["default"].key == "a=b"
    assert found.environment["LEADS_API_KEY"] == "a=b"


def test_the_environment_wins_over_what_relay_up_left(home: Path) -> None:
    write_home(home, {"REDIS_URL": "unix:///run/redis.sock"})

    assert settings(home, REDIS_URL="redis://example.com").redis_url == "redis://example.com"


def test_what_relay_up_leaves_is_readable_by_its_user_alone(home: Path) -> None:
    write_home(home, {"LEADS_API_KEY": "nxr_live_key"})

    assert stat.S_IMODE((home / "env").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_home_where_nothing_runs_is_empty(home: Path) -> None:
    assert read_home(home) == {}
