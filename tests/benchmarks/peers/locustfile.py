"""Locust's FastHttpUser without wait time, for the table of peers. Locust itself is optional."""

from __future__ import annotations

from locust import FastHttpUser, task


class Caller(FastHttpUser):
    @task
    def call(self) -> None:
        self.client.post("/", data="{}")
