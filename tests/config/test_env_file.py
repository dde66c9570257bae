"""`.env`: its syntax, and the order of precedence."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import SettingError, Settings, load

Read = Callable[..., Settings]


@pytest.fixture
def read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Read:
    """Return the settings of a `.env` with these bytes, and check that nothing is printed."""

    def read(content: str | bytes, environ: dict[str, str] | None = None) -> Settings:
        path = tmp_path / ".env"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        settings = load(environ or {}, path)
        assert capfd.readouterr() == ("", "")
        return settings

    return read


WRITTEN = {
    "plain": "PORT=8001\nHOST=a.example\n",
    "without a last line break": "PORT=8001\nHOST=a.example",
    "Windows": "PORT=8001\r\nHOST=a.example\r\n",
    "a byte order mark": "\ufeffPORT=8001\nHOST=a.example\n",
    "export": "export PORT=8001\nexport HOST=a.example\n",
    "double quotes": 'PORT="8001"\nHOST="a.example"\n',
    "single quotes": "PORT='8001'\nHOST='a.example'\n",
    "spaces": "  PORT = 8001  \n\tHOST\t=\ta.example\t\n",
    "comments": "# PORT=1\nPORT=8001 # the port\n\n   # x\nHOST='a.example' # the host\n#",
    "the last of several": "PORT=1\nPORT=8001\nHOST=b\nHOST=a.example\n",
    "blank lines": "\n\n\nPORT=8001\n\n \t\n\nHOST=a.example\n\n",
    "names of others": "OTHER=x\nPORT=8001\nport=1\nHOST=a.example\nA.B-C=1\n",
    "names alone": "THREADS\nPORT=8001\nHOST=a.example\n",
    "empty ones": "THREADS=\nLOG_LEVEL=''\nPORT=8001\nHOST=a.example\n",
}


@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN)
def test_the_ways_of_writing_it(read: Read, content: str) -> None:
    assert read(content) == Settings(port=8001, host="a.example")


@pytest.mark.parametrize("content", ["", "\n", "# nothing\n", "\ufeff"])
def test_an_empty_file(read: Read, content: str) -> None:
    assert read(content) == Settings()


def test_no_file(tmp_path: Path) -> None:
    assert load({}, tmp_path / ".env") == Settings()
    assert load({}, tmp_path / "nowhere" / ".env") == Settings()


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("a$HOME${PATH}$$", "a$HOME${PATH}$$"),
        ('"a${PATH}"', "a${PATH}"),
        ("'a#b'", "a#b"),
        ("a#b", "a#b"),
        ('"a\\\\b"', "a\\b"),
        ("'a\\nb'", "a\\nb"),
        ("a=b==", "a=b=="),
        ('"say\\"x\\""', 'say"x"'),
        ("it's", "it's"),
    ],
)
def test_a_key_is_taken_as_it_is_written(read: Read, written: str, key: str) -> None:
    assert read(f"OPENAI_API_KEY={written}\n").openai_api_key == key


def test_the_environment_wins(read: Read) -> None:
    assert read("PORT=8001\nTHREADS=3\n", {"PORT": "8002"}) == Settings(port=8002, threads=3)
    assert read("PORT=wrong\n", {"PORT": "8002"}) == Settings(port=8002)
    with pytest.raises(SettingError, match=r"^PORT is 'wrong'"):
        read("PORT=8001\n", {"PORT": "wrong"})


def test_an_empty_variable_of_the_environment_puts_the_default_back(read: Read) -> None:
    assert read("PORT=8001\n", {"PORT": ""}) == Settings()


def test_reading_leaves_the_environment_alone(read: Read) -> None:
    before = dict(os.environ)
    read("PORT=8001\nPARLEY_TEST=x\n")
    assert dict(os.environ) == before


def test_it_is_read_anew_each_time(read: Read) -> None:
    assert read("USE_ASYNC_AGENT=true").use_async_agent is True
    assert read("USE_ASYNC_AGENT=false").use_async_agent is False
    assert read("") == Settings()


def test_a_wrong_value_is_refused_from_here_too(read: Read) -> None:
    with pytest.raises(SettingError, match=r"^THREADS is 'many', but takes a whole number from 1 to 1024\.$"):
        read("THREADS=many\n")
    with pytest.raises(SettingError, match=r"^REDIS_URL is a value that is not shown, but takes redis://"):
        read("REDIS_URL=localhost\n")


BROKEN = {
    "no equals sign": ("PORT 8001\n", 1),
    "no name": ("PORT=8001\n=x\n", 2),
    "a quote that is never closed": ('PORT=8001\nHOST=a\nOPENAI_API_KEY="canary\n', 3),
    "prose": ("PORT=8001\nplease use async\n", 2),
}


@pytest.mark.parametrize(("content", "line"), BROKEN.values(), ids=BROKEN)
def test_a_line_that_cannot_be_read_is_not_passed_over(read: Read, tmp_path: Path, content: str, line: int) -> None:
    with pytest.raises(SettingError) as refused:
        read(content)
    assert str(refused.value) == f"Line {line} of {tmp_path / '.env'} cannot be read; it takes NAME=value."


@pytest.mark.parametrize(
    "content", [b"\xff", "PORT=8001".encode("utf-16"), b"PORT=8001\nHOST=\xe4\n", bytes(range(256))]
)
def test_a_file_that_is_no_text(read: Read, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SettingError) as refused:
        read(content)
    unreadable(refused.value, tmp_path / ".env")


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingError) as refused:
        load({}, tmp_path / ".env")
    unreadable(refused.value, tmp_path / ".env")


def test_a_link_that_leads_nowhere_is_no_file(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / "gone")
    assert load({}, tmp_path / ".env") == Settings()


def test_a_link_that_leads_to_itself(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / ".env")
    with pytest.raises(SettingError) as refused:
        load({}, tmp_path / ".env")
    unreadable(refused.value, tmp_path / ".env")


def unreadable(error: SettingError, path: Path) -> None:
    sentence = rf"{re.escape(str(path))} cannot be read \(.+\); it takes NAME=value lines in UTF-8\."
    assert re.fullmatch(sentence, str(error)), error
