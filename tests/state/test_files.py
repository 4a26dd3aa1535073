"""Files that are there whole or not at all, wherever they are."""

import threading
from pathlib import Path

import pytest

from skautokeras._state import file_to_write, local_path, made_whole, write_whole


def test_two_writers_leave_one_whole_file(tmp_path):
    path = tmp_path / "a"
    contents = [bytes([i]) * 100_000 for i in range(8)]
    threads = [
        threading.Thread(target=write_whole, args=(path, content))
        for content in contents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_fails_leaves_nothing_and_keeps_what_was_there(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_text("before")

    def make():
        with made_whole(path) as made:
            made.write_text("half")
            raise RuntimeError("no space left")

    with pytest.raises(RuntimeError, match="no space left"):
        make()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_takes_the_place_of_an_empty_one(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    with made_whole(path) as made:
        made.mkdir()
        (made / "a").write_text("x")
    assert [p.name for p in path.iterdir()] == ["a"]


@pytest.mark.parametrize("path", ["gs://b/a", "s3://b", "hdfs://h/p", Path("gs://b/a")])
def test_addresses_are_refused(path):
    with pytest.raises(ValueError, match="path on this machine"):
        local_path(path, "path")


@pytest.mark.parametrize("path", ["a/b", "C:/a", "/a:b/c", "a:b"])
def test_other_paths_are_taken(path):
    assert local_path(path, "path") == Path(path)


def test_bytes_are_a_path():
    assert local_path(b"a/b", "path") == Path("a/b")
    with pytest.raises(ValueError, match="path='gs://b/a' is an address"):
        local_path(b"gs://b/a", "path")
    with pytest.raises(ValueError, match=r"path='\.' is no file"):
        file_to_write(b".", "path")


def test_the_tilde_is_the_home_folder():
    assert local_path("~/runs", "path") == Path.home() / "runs"


def test_an_empty_folder_is_filled_and_not_replaced(tmp_path):
    # A mounted folder cannot be replaced.
    before = tmp_path.stat().st_ino
    with made_whole(tmp_path) as made:
        (made / "inner").mkdir(parents=True)
        (made / "a").write_text("whole")
    assert tmp_path.stat().st_ino == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "inner"]


def test_a_file_to_write_is_checked_before_any_work(tmp_path):
    with pytest.raises(FileNotFoundError, match="lies in a folder that does not exist"):
        file_to_write(tmp_path / "missing" / "a", "path")
    with pytest.raises(ValueError, match="is no file"):
        file_to_write(tmp_path, "path")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert file_to_write(tmp_path / "link", "path") == tmp_path.resolve() / "target"
