"""New code at the next invocation, while what is under way ends with the old."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.local.account.hot_reload import LOOK_EVERY_NS, HotReload, fingerprint
from bench.local.account.store import Store
from bench.local.model import FunctionConfig
from tests.local.serving import python_function, serving

CODE = """
import pathlib, time
def handler(event, context):
    if event.get("wait"):
        pathlib.Path(event["wait"], "begun").touch()
        while not pathlib.Path(event["wait"], "go").exists():
            time.sleep(0.005)
    return {version}
"""


async def test_the_next_invocation_runs_the_new_code_and_those_under_way_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.local.account.hot_reload.LOOK_EVERY_NS", 0)
    source = python_function(tmp_path, CODE.format(version=1))
    signs = source.folder / ".git"  # a folder that is not looked at, and that handlers see
    signs.mkdir()
    async with serving(source, watch=True) as local:
        assert (await local.invoke("f")).payload == 1
        under_way = asyncio.ensure_future(local.invoke("f", {"wait": str(signs)}))
        async with asyncio.timeout(10):
            while not (signs / "begun").exists():  # noqa: ASYNC110 - another process tells
                await asyncio.sleep(0.01)
        (source.folder / "handler.py").write_text(CODE.format(version=22))
        assert (await local.invoke("f")).payload == 22
        (signs / "go").touch()
        assert (await under_way).payload == 1
        third = await local.invoke("f")
    assert third.payload == 22
    assert "Init Duration" not in third.report, "nothing has changed since"


def test_a_folder_is_looked_at_only_so_often(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("1")
    store, changed, now = Store(), list[str](), [0]
    store.create(FunctionConfig("f", "", "", "handler.handler", str(tmp_path)), ready=True)
    before = store.target("f").build_id
    reload = HotReload(store, {"f": tmp_path}, changed.append, lambda: now[0])
    (tmp_path / "handler.py").write_text("two")
    reload.reload_if_changed("f")
    assert changed == []
    now[0] += LOOK_EVERY_NS
    reload.reload_if_changed("f")
    reload.reload_if_changed("another")
    assert changed == ["f"]
    assert store.target("f").build_id != before


def test_what_is_installed_is_passed_over(tmp_path: Path) -> None:
    before = fingerprint(tmp_path)
    (tmp_path / "node_modules" / "x").mkdir(parents=True)
    (tmp_path / "node_modules" / "x" / "index.js").touch()
    assert fingerprint(tmp_path) == before
    (tmp_path / "index.js").touch()
    assert fingerprint(tmp_path) != before
