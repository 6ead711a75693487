"""Locust's FastHttpUser without wait time, for the table of peers."""

from __future__ import annotations

from locust import FastHttpUser, task


class Caller(FastHttpUser):  # type: ignore[misc]
    @task  # type: ignore[untyped-decorator]
    def call(self) -> None:
        self.client.post("/", data=b"{}")
