"""Backups that are not restored: damaged, cut short, of a later version, or no backups."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chat.errors import DatabaseTooNew, MaintenanceRefused
from chat.store.archive.archive_file import ArchiveWriter, Step
from chat.store.archive.backup_file import existing_file, new_file

from .conftest import dumped, reader, restored

INCOMPLETE = "is no complete backup: it is cut short, damaged, or another kind of file"


@pytest.fixture
def backup(filled) -> bytes:
    return dumped(filled.store.engine, key=b"of cookies")


def test_a_backup_that_is_cut_short_is_refused(backup):
    for length in sorted({0, 1, 100, len(backup) // 2, *range(len(backup) - 200, len(backup), 7)}):
        with pytest.raises(MaintenanceRefused, match=INCOMPLETE):
            reader(backup[:length])


def test_a_damaged_backup_is_refused_or_has_the_same_content(backup):
    """Some bytes, such as the times in a zip file, mean nothing."""
    good, refusals = reader(backup), 0
    positions = random.Random(7)
    for _ in range(1500):
        damaged = bytearray(backup)
        damaged[positions.randrange(len(backup))] ^= 1 << positions.randrange(8)
        try:
            archive = reader(bytes(damaged))
        except MaintenanceRefused:
            refusals += 1
            continue
        assert archive.manifest == good.manifest
        assert archive.keys() == good.keys()
        assert all(list(archive.rows(each)) == list(good.rows(each)) for each in good.manifest.tables)
    assert refusals > 1000


def other_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as other:
        other.writestr("users.jsonl", "[]\n")
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00", "für später".encode() * 1000, other_zip()])
def test_another_file_is_refused(content):
    with pytest.raises(MaintenanceRefused, match=f"the backup {INCOMPLETE}"):
        reader(content)


def later_version(backup: bytes, **changes: Any) -> bytes:
    """Return a backup of the same rows with another manifest."""
    archive, file = reader(backup), io.BytesIO()
    writer = ArchiveWriter(file)
    for member in archive.manifest.tables:
        writer.write_table(member.table, member.columns, archive.rows(member), 0, lambda _rows: None)
    writer.write_keys(archive.keys())
    writer.finish(msgspec.structs.replace(archive.manifest, program="9.0", **changes))
    return file.getvalue()


def test_a_later_format_is_refused(backup):
    with pytest.raises(MaintenanceRefused, match="the backup has format 2 of a later version of this program"):
        reader(later_version(backup, format=2))


def test_a_step_that_this_version_cannot_use_is_refused(backup, target):
    steps = (*reader(backup).manifest.steps, Step("9998_expands", 1), Step("9999_contracts", 9999))
    with pytest.raises(MaintenanceRefused) as refused:
        restored(target, later_version(backup, steps=steps))
    assert str(refused.value) == (
        "The backup is of a later version (9.0) whose tables this version cannot use: 9999_contracts. Restore it with"
        " that version."
    )
    assert not target.exists()


def test_what_only_a_later_version_knows_is_left_out(filled, target):
    """After the rollback of an update, a backup of the later version can be restored."""
    engine = filled.store.engine

    def expand() -> None:
        engine.execute("ALTER TABLE users ADD COLUMN mood TEXT NOT NULL DEFAULT 'good'")
        engine.execute("INSERT INTO migrations (name, expands, runs_with) VALUES ('9999_mood', 1, 1)")

    engine.write(expand)
    backup = dumped(engine)
    assert "mood" in reader(backup).manifest.tables[0].columns
    assert restored(target, backup).skipped == ["users.mood"]


def test_unknown_tables_are_not_forgotten(filled):
    engine = filled.store.engine
    engine.write(lambda: engine.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY)"))
    with pytest.raises(MaintenanceRefused, match=r"tables that this version does not know \(accounts\)"):
        dumped(engine)


def test_a_database_of_a_later_version_is_refused(filled):
    engine = filled.store.engine
    engine.write(lambda: engine.execute("INSERT INTO migrations (name, expands) VALUES ('9999_later', 0)"))
    with pytest.raises(DatabaseTooNew, match="9999_later"):
        dumped(engine)


def test_a_database_that_was_never_used_is_refused(target):
    target.prepare()
    with pytest.raises(MaintenanceRefused, match="is no database of this program, or was never used"):
        dumped(target)


def test_a_file_gets_its_name_when_it_is_complete(tmp_path):
    path = tmp_path / "backup"
    with new_file(path) as file:
        file.write(b"content")
        assert not path.exists()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"content", 0o600)
    with pytest.raises(MaintenanceRefused, match="exists already"), new_file(path):
        pass
    with pytest.raises(ZeroDivisionError), new_file(tmp_path / "other"):
        1 / 0  # noqa: B018
    assert [each.name for each in tmp_path.iterdir()] == ["backup"]


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "backup"
    with pytest.raises(MaintenanceRefused, match="exists already"), new_file(path) as file:
        file.write(b"content")
        path.write_text("of another")
    assert path.read_text() == "of another"
    assert len(list(tmp_path.iterdir())) == 1


WRONG_PATHS = {
    "nowhere/backup": "cannot be written: No such file or directory",
    ".": "exists already",
    "file/backup": "cannot be written: Not a directory",
    "b" * 300: "cannot be written: File name too long",
    "link": "exists already",
}


@pytest.mark.parametrize("name", WRONG_PATHS)
def test_a_path_that_cannot_be_written(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(MaintenanceRefused, match=WRONG_PATHS[name]), new_file(tmp_path / name):
        pass


@pytest.mark.parametrize("name", ["", ".", "/", "-"])
def test_a_path_without_a_name(name):
    with pytest.raises(MaintenanceRefused, match="is not the name of a file"), new_file(Path(name)):
        pass


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file"), (".", "Is a directory")])
def test_a_path_that_cannot_be_read(tmp_path, name, reason):
    with pytest.raises(MaintenanceRefused, match=f"cannot be read: {reason}"), existing_file(tmp_path / name):
        pass
