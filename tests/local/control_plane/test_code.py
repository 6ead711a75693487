from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.local.control_plane import code
from bench.local.http.api_error import ApiError
from tests.local.control_plane.archives import HANDLER, archive, file, link, named, with_modes


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_an_archive_becomes_a_folder_named_by_its_hash(tmp_path: Path) -> None:
    made = archive(app__py=HANDLER)
    first = code.unpack(made, tmp_path)
    assert (Path(first.folder) / "app.py").read_bytes() == HANDLER
    assert first.size_bytes == len(made)
    assert code.unpack(made, tmp_path) == first
    assert len(list(tmp_path.iterdir())) == 1


def test_files_keep_whether_they_can_be_run_and_nothing_else(tmp_path: Path) -> None:
    made = with_modes(
        [file("bootstrap", mode=0o6755), file("a.py", mode=0o600), file("lib/b.py", mode=0o777)]
    )
    folder = Path(code.unpack(made, tmp_path).folder)
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("bootstrap", "a.py")}
    assert modes == {"bootstrap": 0o755, "a.py": 0o644}
    assert (folder / "lib" / "b.py").is_file()


def test_links_within_the_archive_are_kept(tmp_path: Path) -> None:
    made = with_modes(
        [link("node_modules/.bin/tool", "../tool/cli.js"), file("node_modules/tool/cli.js")]
    )
    folder = Path(code.unpack(made, tmp_path).folder)
    assert (folder / "node_modules/.bin/tool").read_bytes() == b"x"


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "a/../../evil.py",
        "/etc/evil",
        "..",
        "a\\..\\..\\evil",
        "C:/evil",
        "a/../b",
        "/".join("d" * 1 for _ in range(500)) + "/x",
    ],
)
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    root = tmp_path / "code"
    with pytest.raises(ApiError) as error:
        code.unpack(named({"app.py": HANDLER, name: b"evil"}), root)
    assert (error.value.status, error.value.code) == (400, "InvalidParameterValueException")
    assert everything_below(tmp_path) == {"code"}


def test_a_name_ends_at_its_first_nul(tmp_path: Path) -> None:
    made = code.unpack(named({"a\0/../../../x": b"evil"}), tmp_path / "code")
    assert everything_below(Path(made.folder)) == {"a"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries",
    [
        [link("a", "/etc/passwd")],
        [link("a", "../..")],
        [link("a/b", "../../x")],
        [link("a", "b"), link("b", "../x")],
        [link("d", "."), file("d/../../x")],
        [link("a", "/etc"), file("a/passwd")],
        [link("e/d", "../.."), link("e/d/l", "x")],
        [link("d", "e/f"), file("e/f/g"), link("d/l", "../../../x")],
        [file("a"), link("a", "b")],
        [link("a", "b"), link("a", "c")],
    ],
)
def test_links_that_lead_outside_or_double_are_refused(
    tmp_path: Path, entries: list[tuple[str, bytes, int]]
) -> None:
    root = tmp_path / "code"
    with pytest.raises(ApiError) as error:
        code.unpack(with_modes([file("app.py"), *entries]), root)
    assert error.value.status == 400
    assert everything_below(root) == set()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    made = with_modes([link("a", str(outside)), file("a/evil")])
    with pytest.raises(ApiError):
        code.unpack(made, tmp_path / "code")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_devices_and_pipes_are_refused(tmp_path: Path, kind: int) -> None:
    with pytest.raises(ApiError):
        code.unpack(with_modes([file("app.py"), ("x", b"", kind | 0o644)]), tmp_path)


def test_a_bomb_is_stopped_by_what_it_declares(tmp_path: Path) -> None:
    chunk = bytes(code.UNZIPPED_LIMIT_BYTES // 4)
    bomb = named({f"{n}.bin": chunk for n in range(5)})
    assert len(bomb) < 2_000_000
    with pytest.raises(ApiError) as error:
        code.unpack(bomb, tmp_path)
    assert error.value.message == "Unzipped size must be smaller than 262144000 bytes"
    assert everything_below(tmp_path) == set()


def test_a_bomb_that_lies_about_its_size_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "UNZIPPED_LIMIT_BYTES", 1_000_000)
    honest = named({"a.bin": bytes(900_000), "b.bin": bytes(900_000)})
    lying = honest.replace((900_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(ApiError):
        code.unpack(lying, tmp_path)
    assert everything_below(tmp_path) == set()


def test_too_many_entries_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "ENTRY_LIMIT", 10)
    with pytest.raises(ApiError) as error:
        code.unpack(named({f"{n}": b"" for n in range(11)}), tmp_path)
    assert "more than 10 entries" in str(error.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path: Path, method: int) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as made:
        made.writestr("app.py", HANDLER)
    with pytest.raises(ApiError):
        code.unpack(sink.getvalue(), tmp_path)


def test_no_zip_and_an_empty_one_have_awss_texts(tmp_path: Path) -> None:
    with pytest.raises(ApiError) as error:
        code.unpack(b"no zip", tmp_path)
    assert error.value.message == (
        "Could not unzip uploaded file. Please check your file, then try to upload again."
    )
    with pytest.raises(ApiError) as error:
        code.unpack(named({}), tmp_path)
    assert error.value.message == "Uploaded file must be a non-empty zip"


@pytest.mark.parametrize("text", [None, 5, "not base64!", "YQ"])
def test_what_is_no_base64_is_refused(text: object) -> None:
    with pytest.raises(ApiError) as error:
        code.decode(text)
    assert error.value.status == 400


def test_an_archive_beyond_the_limit_is_413(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "ZIPPED_LIMIT_BYTES", 300)
    with pytest.raises(ApiError) as error:
        code.decode("A" * 1000)
    assert error.value.status == 413


@given(junk=st.binary(max_size=300), at=st.integers(0, 400), flip=st.binary(min_size=1, max_size=8))
@settings(max_examples=300)
def test_a_damaged_archive_is_unpacked_or_refused(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int, flip: bytes
) -> None:
    root = tmp_path_factory.mktemp("code")
    whole = with_modes([file("app.py", HANDLER), link("l", "app.py"), file("d/e", junk)])
    at %= len(whole)
    damaged = whole[:at] + flip + whole[at + len(flip) :]
    try:
        made = code.unpack(damaged, root)
    except ApiError as error:
        assert error.status == 400
        assert list(root.iterdir()) == []
    else:
        for path in Path(made.folder).rglob("*"):
            assert os.path.realpath(path).startswith(str(root))
