"""The key of the ids: from the environment or a file of its owner, made once whoever comes first, never shown."""

import stat
import subprocess
import sys

import pytest
from conftest import ROOT

from customerbase.errors import ConfigError
from customerbase.tables import secret

KEY = "0123456789abcdef"  # the shortest allowed


@pytest.fixture
def no_key(home, monkeypatch):
    monkeypatch.delenv(secret.VARIABLE)
    return home / "data" / "identity.key"


def test_the_whole_suite_has_one_key(home):
    assert len(secret.id_key()) >= 16 and not secret.key_file().exists()


def test_the_environment_comes_before_the_file(no_key, monkeypatch):
    in_file = secret.id_key()
    monkeypatch.setenv(secret.VARIABLE, f" {KEY}\n")
    assert secret.id_key() == KEY.encode() != in_file
    monkeypatch.setenv(secret.VARIABLE, no_key.read_text())  # the file's text means the same in the environment
    assert secret.id_key() == in_file


def test_the_file_is_made_once_for_its_owner_alone(no_key):
    key = secret.id_key()
    assert len(key) == 64 and no_key.read_text() == f"{key.decode()}\n"
    assert stat.S_IMODE(no_key.stat().st_mode) == 0o600
    assert [path.name for path in no_key.parent.iterdir()] == ["identity.key"]  # no draft is left
    assert secret.id_key() == key


def test_every_home_has_its_own_key_and_a_given_path_counts(no_key, tmp_path, monkeypatch):
    first = secret.id_key()
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(tmp_path / "elsewhere"))
    assert secret.id_key(no_key) == first
    assert not (tmp_path / "elsewhere").exists()
    assert secret.id_key() != first


@pytest.mark.parametrize("short", ["", "   ", KEY[:-1], f"  {KEY[:-1]}\n"])
def test_a_short_key_is_refused_and_not_shown(no_key, monkeypatch, short):
    monkeypatch.setenv(secret.VARIABLE, short)
    with pytest.raises(
        ConfigError, match=f"CUSTOMERBASE_ID_KEY holds {len(short.strip())} bytes.* at least 16"
    ) as error:
        secret.id_key()
    assert not short.strip() or short.strip() not in str(error.value)
    monkeypatch.delenv(secret.VARIABLE)
    no_key.parent.mkdir()
    no_key.write_text(short)
    with pytest.raises(ConfigError, match=r"identity\.key holds"):
        secret.id_key()
    assert no_key.read_text() == short  # a key somebody spoilt is not replaced: the ids hang on it


def test_bytes_count_not_characters(no_key, monkeypatch):
    monkeypatch.setenv(secret.VARIABLE, "鍵は六文字")
    with pytest.raises(ConfigError, match="holds 15 bytes"):
        secret.id_key()
    monkeypatch.setenv(secret.VARIABLE, "鍵は六文字だ")
    assert len(secret.id_key()) == 18


def test_a_file_that_is_no_text_is_one_clear_error(no_key):
    no_key.parent.mkdir()
    no_key.write_bytes(bytes(range(128, 200)))
    with pytest.raises(ConfigError, match="cannot be read"):
        secret.id_key()


def test_processes_that_race_get_one_key(no_key):
    """Eight at once, all waiting for the same moment: one file, one key."""
    code = (
        "import sys, time; from customerbase.tables import secret\n"
        "time.sleep(max(0, float(sys.argv[1]) - time.time())); print(secret.fingerprint(secret.id_key()))"
    )
    import time

    start = str(time.time() + 3)
    running = [
        subprocess.Popen([sys.executable, "-c", code, start], stdout=subprocess.PIPE, text=True) for _ in range(8)
    ]
    said = {process.communicate(timeout=60)[0].strip() for process in running}
    assert said == {secret.fingerprint(secret.id_key())}
    assert [path.name for path in no_key.parent.iterdir()] == ["identity.key"]


def test_whoever_comes_second_takes_the_key_that_is_there(no_key, monkeypatch):
    """The other process finishes between the look and the link."""
    no_key.parent.mkdir()

    def other_first(path):
        path.write_text(KEY)
        return real(path)

    real = secret._make
    monkeypatch.setattr(secret, "_make", other_first)
    assert secret.id_key() == KEY.encode()


def test_fingerprints_tell_keys_apart_and_give_nothing_away():
    prints = {secret.fingerprint(f"{KEY}{n}".encode()) for n in range(100)}
    assert len(prints) == 100 and all(len(one) == 16 and int(one, 16) >= 0 for one in prints)
    assert not any(KEY in one for one in prints)


def test_git_ignores_the_key():
    for place in ("data/identity.key", "identity.key", "elsewhere/data/identity.key"):
        asked = subprocess.run(["git", "check-ignore", "-q", place], cwd=ROOT, check=False)
        if asked.returncode == 128:
            pytest.skip("not a git work tree")
        assert asked.returncode == 0, place
