"""Provisioned environments, as the server holds them up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.local.account.concurrency import provisioned, put_provisioned
from tests.local.serving import python_function, serving


async def test_a_function_that_cannot_be_initialised_is_told_as_failed(tmp_path: Path) -> None:
    source = python_function(tmp_path, "raise ValueError('at import')")
    async with serving(source) as local:
        store = local.server.store
        put_provisioned(store, "f", "128MB", 2)
        async with asyncio.timeout(20):
            while not provisioned(store, "f", "128MB").init_fails:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        path = "2019-09-30/functions/f/provisioned-concurrency?Qualifier=128MB"
        told = await local.http.get(
            f"{local.server.invoke_url}/{path}",
            headers={"Authorization": "AWS4-HMAC-SHA256 Credential=test"},
        )
    assert told.json()["Status"] == "FAILED"
    assert told.json()["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    assert told.json()["AllocatedProvisionedConcurrentExecutions"] == 0
