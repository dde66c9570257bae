"""Commands `db backup`, `db restore`, `db copy` and `db check`, with every mistake that an operator can make."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from chat.app import create_app
from chat.commands.progress import ProgressBars
from chat.store import Store, engine_for
from config.paths import ROOT
from config.settings import Settings
from tests.servers.postgresql_databases import SECRET_KEY, Databases
from tests.store.engines import sqlite_path
from tests.store.scenarios import completed_turn

Run = Callable[..., Result]


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path) -> Settings:
    """The settings of another machine, with its own database and data folder."""
    folder = tmp_path / "elsewhere"
    return dataclasses.replace(settings, data_dir=folder / "data", database_url=f"sqlite:///{folder}/chat.db")


@pytest.fixture
def db(settings: Settings) -> Run:
    """Return a function that runs a `db` command, by default with the test's settings."""

    def run(*arguments: object, with_settings: Settings = settings) -> Result:
        app = create_app(with_settings)
        try:
            return app.test_cli_runner().invoke(args=["db", *map(str, arguments)])
        finally:
            app.extensions["parley"].store.close()

    return run


@pytest.fixture
def full(store: Store, settings: Settings) -> Store:
    """Fill the database of the test's settings: a shared conversation, and a key for cookies."""
    user = store.sessions.create_anonymous().user_id
    conversation = store.conversations.create(user, "Title")
    completed_turn(store, conversation, "Question?", "Answer.")
    store.shares.share(store.ownership.conversation(user, conversation.id))
    settings.data_dir.mkdir()
    (settings.data_dir / "secret-key").write_bytes(b"k" * 32)
    return store


def refused(result: Result, sentence: str, status: int = 1) -> None:
    """Check that a command ended with one sentence."""
    assert result.exit_code == status, result.output
    assert result.output.endswith(f"Error: {sentence}\n"), result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def rows(url: str) -> int:
    store = Store(engine_for(url, ROOT))
    (count,) = store.engine.read(lambda: store.engine.execute("SELECT count(*) FROM messages").fetchone())
    store.close()
    return int(count)


def test_there_and_back(db: Run, full: Store, settings: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    file = tmp_path / "parley.backup"
    result = db("backup", file)
    assert (result.exit_code, result.output) == (
        0,
        f"{file}: 7 rows. Keep it secret: it has all conversations, and keys.\n",
    )
    assert file.stat().st_mode & 0o777 == 0o600

    there = db("restore", file, with_settings=elsewhere)
    path = sqlite_path(elsewhere)
    assert (there.exit_code, there.output) == (0, f"{path}: restored 7 rows of {file}, and compared them.\n")
    assert (elsewhere.data_dir / "secret-key").read_bytes() == b"k" * 32
    assert (elsewhere.data_dir / "secret-key").stat().st_mode & 0o777 == 0o600
    assert Path(f"{path}.share-key").read_bytes() == Path(f"{sqlite_path(settings)}.share-key").read_bytes()
    # Closed properly, so that the file alone is the whole database.
    assert sorted(each.name for each in path.parent.iterdir()) == ["chat.db", "chat.db.share-key", "data"]
    checked = db("check", with_settings=elsewhere)
    assert (checked.exit_code, checked.output) == (
        0,
        f"{path} is sound: 1 users, 1 sessions, 1 conversations, 2 messages, 0 tool calls, 1 turns, 0 feedback,"
        " 1 shares, 0 progress.\n",
    )


def test_a_key_from_the_settings_stays_there(
    db: Run, full: Store, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    result = db("backup", file, with_settings=dataclasses.replace(settings, secret_key="x" * 20))
    assert result.output.endswith("SECRET_KEY is set, so it is not in the backup: keep your settings too.\n")
    assert db("restore", file, with_settings=elsewhere).exit_code == 0
    assert not (elsewhere.data_dir / "secret-key").exists()


def test_copying(db: Run, full: Store, settings: Settings, tmp_path: Path) -> None:
    url, path = f"sqlite:///{tmp_path}/copy/chat.db", tmp_path / "copy" / "chat.db"
    result = db("copy", "--to", url)
    assert (result.exit_code, result.output) == (
        0,
        f"{path}: copied 7 rows of {sqlite_path(settings)}, and compared them. To use it, name it in DATABASE_URL and"
        " start the server.\n",
    )
    assert rows(url) == 2
    refused(
        db("copy", "--to", url),
        f"{path} is not empty: its table users has rows. Only an empty database can be restored into.",
    )


WRONG_TARGETS = {
    "": "--to takes ",
    "mysql://localhost/chat": "--to takes ",
    "sqlite://chat.db": "--to takes ",
    "copy.db": "--to takes ",
    "SAME": "--to names the database that DATABASE_URL names.",
    "SAME BY A LINK": "--to names the database that DATABASE_URL names.",
}


@pytest.mark.parametrize("target", WRONG_TARGETS)
def test_wrong_targets(db: Run, full: Store, settings: Settings, tmp_path: Path, target: str) -> None:
    (tmp_path / "link.db").symlink_to(sqlite_path(settings))
    by_name = {"SAME": settings.database_url, "SAME BY A LINK": f"sqlite:///{tmp_path}/link.db"}
    result = db("copy", "--to", by_name.get(target, target))
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert WRONG_TARGETS[target] in result.output
    assert rows(settings.database_url) == 2


def test_two_targets(db: Run, full: Store, tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("one", "two")]
    result = db("copy", "--to", urls[0], "--to", urls[1])
    refused(result, "--to takes one database, but was given 2 times.", 2)
    assert not (tmp_path / "one.db").exists()
    assert not (tmp_path / "two.db").exists()


def test_a_target_that_cannot_be_opened(db: Run, full: Store, tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/null/chat.db")):
        result = db("copy", "--to", f"sqlite:///{path}")
        assert result.exit_code == 1
        assert result.output.startswith(f"Error: --to names {path}, which cannot be opened (")
        assert result.output.count("\n") == 1


def test_nothing_is_restored_or_copied_while_the_server_runs(
    db: Run, full: Store, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    script = (
        "import sys; from pathlib import Path; from config.server.pid_file import OWN;"
        "OWN.acquire(Path(sys.argv[1])); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(settings.data_dir / "run")],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        assert db("backup", file).exit_code == 0
        assert db("check").exit_code == 0
        sentence = f"The server is running (process {server.pid}): stop it first."
        refused(db("restore", file), sentence)
        refused(db("copy", "--to", f"sqlite:///{tmp_path}/copy.db"), sentence)
    assert not (tmp_path / "copy.db").exists()


def test_files_that_cannot_be_used(db: Run, full: Store, elsewhere: Settings, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    assert db("backup", backup).exit_code == 0
    content = backup.read_bytes()
    refused(db("backup", backup), f"{backup} exists already, and is not replaced: name another file.")
    refused(db("backup", tmp_path), f"{tmp_path} exists already, and is not replaced: name another file.")
    refused(db("backup", "/nowhere/backup"), "/nowhere/backup cannot be written: No such file or directory.")
    assert backup.read_bytes() == content
    for name, damaged in {"half": content[: len(content) // 2], "empty": b"", "text": b"No backup."}.items():
        file = tmp_path / name
        file.write_bytes(damaged)
        refused(
            db("restore", file, with_settings=elsewhere),
            f"{file} is no complete backup: it is cut short, damaged, or another kind of file.",
        )
    refused(db("restore", "none", with_settings=elsewhere), "none cannot be read: No such file or directory.")
    refused(db("restore", tmp_path, with_settings=elsewhere), f"{tmp_path} cannot be read: Is a directory.")
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", tmp_path / "pipe"):
        sentence = f"{path} cannot be read: it is a device or a pipe, not a file."
        refused(db("restore", path, with_settings=elsewhere), sentence)
    assert not sqlite_path(elsewhere).parent.exists()


@pytest.mark.parametrize("command", [["backup", "file"], ["copy", "--to", "sqlite:///other.db"], ["check"]])
def test_a_database_that_is_not_there(db: Run, elsewhere: Settings, tmp_path: Path, command: list[str]) -> None:
    path = sqlite_path(elsewhere)
    refused(db(*command, with_settings=elsewhere), f"There is no database at {path}.")
    path.parent.mkdir()
    path.write_bytes(b"This is no database. " * 500)
    result = db(*command, with_settings=elsewhere)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: DATABASE_URL names {path}, which cannot be opened (")
    path.write_bytes(b"")
    refused(db(*command, with_settings=elsewhere), f"{path} is no database of this program, or was never used.")


def test_a_restore_into_a_database_that_cannot_be_opened(
    db: Run, full: Store, elsewhere: Settings, tmp_path: Path
) -> None:
    file, path = tmp_path / "backup", sqlite_path(elsewhere)
    assert db("backup", file).exit_code == 0
    path.parent.mkdir()
    path.write_bytes(b"This is no database. " * 500)
    result = db("restore", file, with_settings=elsewhere)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: DATABASE_URL names {path}, which cannot be opened (")
    assert path.read_bytes() == b"This is no database. " * 500


def test_a_command_waits_longer_than_a_server(full: Store, settings: Settings) -> None:
    app = create_app(settings)
    engine = app.extensions["parley"].store.engine
    servers_s = engine.lock_timeout_s
    assert app.test_cli_runner().invoke(args=["db", "check"]).exit_code == 0
    assert engine.lock_timeout_s == 5 * servers_s == 10
    app.extensions["parley"].store.close()


def test_a_damaged_database(db: Run, full: Store) -> None:
    full.engine.write(lambda: full.engine.execute("UPDATE conversations SET head_id = 99"))
    result = db("check")
    assert result.exit_code == 1
    assert result.output == (
        f"{full.engine.location}: 1 conversations end at a message that they do not have.\n"
        "Error: The database is damaged. Keep a copy of it, and restore the last good backup.\n"
    )


def test_a_database_of_a_later_version(db: Run, full: Store, tmp_path: Path) -> None:
    full.engine.write(lambda: full.engine.execute("INSERT INTO migrations (name) VALUES ('9999_later')"))
    for command in (["check"], ["backup", tmp_path / "backup"], ["copy", "--to", f"sqlite:///{tmp_path}/copy.db"]):
        result = db(*command)
        assert result.exit_code == 1
        assert "but a later version of this program has changed its tables: 9999_later." in result.output
        assert result.output.startswith("Error: DATABASE_URL names ")
    assert not (tmp_path / "backup").exists()


def test_ctrl_c_ends_the_work_of_other_threads() -> None:
    progress = ProgressBars()
    with progress("Writing", 10) as advance:
        advance(5)
        with pytest.raises(KeyboardInterrupt), progress:
            raise KeyboardInterrupt
        with pytest.raises(KeyboardInterrupt):
            advance(5)


def test_a_move_to_postgresql_and_back(
    db: Run, full: Store, settings: Settings, postgresql_databases: Databases, tmp_path: Path
) -> None:
    """The texts contain NUL, which PostgreSQL cannot store. The owner still sees the link."""
    user = full.sessions.create_anonymous().user_id
    conversation = full.conversations.create(user)
    completed_turn(full, conversation, "Null\x00?", "東京 \U0001f600\x00")
    url = postgresql_databases.url("copy", new=True)
    refused(
        db("copy", "--to", url),
        "SECRET_KEY is not set, but PostgreSQL needs it: set it before the copy, and keep it.",
        2,
    )
    secret = dataclasses.replace(settings, secret_key=SECRET_KEY)
    wrong = db("copy", "--to", url.replace("@", "wrong@"), with_settings=secret)
    assert wrong.exit_code == 1
    assert "Error: --to names postgresql://parley@" in wrong.output
    assert "user or password is wrong" in wrong.output

    there = db("copy", "--to", url, with_settings=secret)
    assert there.exit_code == 0, there.output
    assert "copied 13 rows of " in there.output
    moved = dataclasses.replace(secret, database_url=url)
    assert " is sound: 2 users, " in db("check", with_settings=moved).output
    assert shared_links(url) == shared_links(settings.database_url) != [None]
    file = tmp_path / "backup"
    assert db("backup", file, with_settings=moved).exit_code == 0

    back = f"sqlite:///{tmp_path}/back.db"
    assert db("copy", "--to", back, with_settings=moved).exit_code == 0
    restored = f"sqlite:///{tmp_path}/restored.db"
    assert db("restore", file, with_settings=dataclasses.replace(settings, database_url=restored)).exit_code == 0
    for each in (back, restored):
        assert shared_links(each) == shared_links(settings.database_url)
        with closing(Store(engine_for(each, ROOT))) as store:
            assert [message.text for message in store.history.of_conversation(conversation.id)] == [
                "Null\x00?",
                "東京 \U0001f600\x00",
            ]


def shared_links(url: str) -> list[str | None]:
    """Return the tokens of all conversations' links, as their owners see them."""
    with closing(Store(engine_for(url, ROOT, SECRET_KEY))) as store:
        users = store.engine.read(lambda: store.engine.execute("SELECT user_id, id FROM conversations").fetchall())
        links = [store.shares.get(store.ownership.conversation(user, each)) for user, each in sorted(users)]
        return [link and link.token for link in links]
