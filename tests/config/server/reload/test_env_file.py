"""Changes of `.env`: one setting changes, and every other byte stays."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest
from dotenv.parser import Binding, parse_stream
from hypothesis import given
from hypothesis import strategies as st

from config.server.reload import env_file
from config.settings import load

FLAG = "USE_ASYNC_AGENT"

CHANGED = {
    "nothing": (b"", b"F=false\n"),
    "where it stands": (b"A=1\nF=true\nB=2\n", b"A=1\nF=false\nB=2\n"),
    "not there": (b"A=1\n", b"A=1\nF=false\n"),
    "not there, and no last line break": (b"A=1", b"A=1\nF=false\n"),
    "the last, without a line break": (b"A=1\nF=true", b"A=1\nF=false"),
    "Windows": (b"A=1\r\nF=true\r\nB=2\r\n", b"A=1\r\nF=false\r\nB=2\r\n"),
    "Windows, not there": (b"A=1\r\nB=2", b"A=1\r\nB=2\r\nF=false\r\n"),
    "a byte order mark": (b"\xef\xbb\xbfF=true\n", b"\xef\xbb\xbfF=false\n"),
    "export": (b"export F=true\n", b"export F=false\n"),
    "indented": (b"\n  F = true\n", b"\n  F=false\n"),
    "quoted": (b"F='true'\nG=\"x\"\n", b'F=false\nG="x"\n'),
    "over two lines": (b'F="true\n"\nG=1\n', b"F=false\nG=1\n"),
    "a comment behind it": (b"F=true  # the flag\n", b"F=false  # the flag\n"),
    "a comment behind quotes": (b"F='true' # the flag\n", b"F=false # the flag\n"),
    "empty": (b"F=\nA=1\n", b"F=false\nA=1\n"),
    "empty, with a comment": (b"F= # the flag\n", b"F=false # the flag\n"),
    "the name alone": (b"F\nA=1\n", b"F=false\nA=1\n"),
    "misspelt": (b"F=flase\n", b"F=false\n"),
    "said twice": (b"F=true\nA=1\nF=true # again\n", b"F=false\nA=1\nF=false # again\n"),
    "longer names": (b"F_X=true\nXF=true\nf=true\n", b"F_X=true\nXF=true\nf=true\nF=false\n"),
    "only in a comment": (b"# F=true\n#F=true\n", b"# F=true\n#F=true\nF=false\n"),
    "only within another's value": (b'A="\nF=true\n"\n', b'A="\nF=true\n"\nF=false\n'),
    "only comments at the end": (b"A=1\n# end", b"A=1\n# end\nF=false\n"),
    "so already": (b"F=false\n", b"F=false\n"),
}


@pytest.mark.parametrize(("before", "after"), CHANGED.values(), ids=CHANGED)
def test_one_setting_is_changed(before: bytes, after: bytes) -> None:
    before, after = (text.replace(b"F", FLAG.encode()) for text in (before, after))
    assert env_file.with_setting(before, FLAG, "false") == after


LINES = st.sampled_from(
    [
        "A=1", "B='x # y'", 'C="a\\"b\nc"', "# a comment", "", "  ", "export D=1 # d", "E", "F=", "é=ü",
        f"{FLAG}=true", f"export {FLAG} = 'true' # x", f"{FLAG}", f"{FLAG}_X=1", f"# {FLAG}=true", f'{FLAG}="true"',
    ]
)  # fmt: skip


@given(st.lists(LINES), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from(["true", "false"]))
def test_whatever_else_there_is_stays(lines: list[str], end: str, ended: bool, value: str) -> None:
    before = end.join(lines) + (end if ended else "")
    after = env_file.with_setting(before.encode(), FLAG, value).decode()
    assert {line.value for line in bindings(after) if line.key == FLAG} == {value}
    assert others(after) == others(before)
    assert env_file.with_setting(after.encode(), FLAG, value).decode() == after


def bindings(text: str) -> list[Binding]:
    return list(parse_stream(io.StringIO(text)))


def others(text: str) -> list[str]:
    """Return all lines except that of the flag and blank lines."""
    return [content for line in bindings(text) if line.key != FLAG and (content := line.original.string.strip())]


# The file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_it_is_replaced_whole_and_keeps_its_mode(path: Path) -> None:
    path.write_bytes(b"A=1\n")
    path.chmod(0o640)
    with path.open("rb") as reader:
        env_file.write(path, b"A=2\n")
        assert reader.read() == b"A=1\n"  # whoever reads the old one reads it to its end
    assert path.read_bytes() == b"A=2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(path.parent) == [".env"]


def test_its_owner_stays(path: Path) -> None:
    path.write_bytes(b"A=1\n")
    owner = (12345, 12346) if os.getuid() == 0 else (os.getuid(), os.getgroups()[-1])
    os.chown(path, *owner)
    env_file.write(path, b"A=2\n")
    assert (path.stat().st_uid, path.stat().st_gid) == owner


def test_one_that_is_not_there_is_made_as_open_as_any_file(path: Path) -> None:
    assert env_file.read(path) is None
    env_file.write(path, b"A=1\n")
    (path.parent / "any").touch()
    assert path.stat().st_mode == (path.parent / "any").stat().st_mode
    env_file.write(path, None)
    env_file.write(path, None)
    assert env_file.read(path) is None


def test_a_link_stays_one(path: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    target = tmp_path / "kept" / "settings"
    path.symlink_to(Path("kept") / "settings")
    env_file.write(path, b"A=1\n")
    env_file.write(path, b"A=2\n")
    assert path.is_symlink()
    assert target.read_bytes() == b"A=2\n"
    assert names(target.parent) == ["settings"]


def test_what_cannot_be_written_stays_and_leaves_nothing_behind(path: Path) -> None:
    path.mkdir()
    with pytest.raises(OSError):
        env_file.write(path, b"A=1\n")
    assert names(path.parent) == [".env"]
    assert path.is_dir()


def test_what_is_written_is_read(path: Path) -> None:
    for value in ("false", "true"):
        env_file.write(path, env_file.with_setting(env_file.read(path) or b"", FLAG, value))
        assert load({}, path).use_async_agent is (value == "true")
