"""A node as a process: it ends with whoever owns it."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import tempfile
from pathlib import Path

import pytest

from bench.aws.credentials import Credentials
from bench.load.frames import FrameKind
from bench.load.node_messages import Commands, Piece, Told, Unseen, Verb, question, read_answer
from bench.load.node_process import NodeProcess, OwnedNode


def test_what_others_print_of_a_question_has_no_keys_in_it() -> None:
    told = Told(0, FrameKind.CREDENTIALS, Credentials("AKID", "hidden-key", "hidden-token"))
    sent = Unseen(question(Verb.TELL, Commands(1, (told,))))
    assert b"hidden-key" in sent.content
    assert "hidden" not in f"{sent} {sent!r} {(sent,)}"
    assert pickle.loads(pickle.dumps(sent)) == sent


async def test_a_node_that_its_owner_forgets_ends() -> None:
    node = OwnedNode("forgotten")
    assert node.pid is None
    said = read_answer(await node.call(Unseen(question(Verb.HELLO))))
    assert said.error == ""
    assert node.pid is not None
    end, gone = os.pidfd_open(node.pid), asyncio.Event()
    asyncio.get_running_loop().add_reader(end, gone.set)
    del node
    try:
        await asyncio.wait_for(gone.wait(), 10)
        reaping = asyncio.all_tasks() - {asyncio.current_task()}
        assert not (await asyncio.wait(reaping, timeout=10))[1]
    finally:
        asyncio.get_running_loop().remove_reader(end)
        os.close(end)


async def test_what_was_sent_to_a_node_goes_with_it_also_when_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    node = NodeProcess("killed")
    piece = Piece("0" * 64, ".csv", 0, b"secret,rows\n")
    assert read_answer(await node.call(question(Verb.SHIP, piece))).error == ""
    assert [path.read_bytes() for path in tmp_path.rglob("*.csv")] == [b"secret,rows\n"]
    assert node.pid is not None
    os.kill(node.pid, signal.SIGKILL)
    with pytest.raises(ConnectionError, match="signal 9"):
        while True:
            await node.call(question(Verb.CLOCK))
    assert list(tmp_path.iterdir()) == []
    await node.close()
