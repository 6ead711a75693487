"""A static nginx on loopback, pinned to one core: the target of every tool in the table."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

_CONFIG = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096 reuseport;
    listen 127.0.0.1:{secure_port} ssl backlog=4096 reuseport;
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.3;
    location / {{ default_type application/json; return 200 '{{"statusCode":200}}\\n'; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens. authority: a file with the certificate of who vouches for the second."""

    url: str
    secure_url: str
    authority: Path


@contextmanager
def nginx(core: int) -> Iterator[Served]:
    """Serve until the block ends, plain and with TLS 1.3."""
    with tempfile.TemporaryDirectory(prefix="lamload-nginx-") as name:
        folder = Path(name)
        authority = _certify(folder)
        port, secure_port = _free_ports()
        text = _CONFIG.format(folder=folder, port=port, secure_port=secure_port)
        (folder / "nginx.conf").write_text(text)
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        command = [program, "-p", name, "-c", str(folder / "nginx.conf")]
        process = subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        try:
            _wait_for(port, process)
            secure_url = f"https://127.0.0.1:{secure_port}/"
            yield Served(f"http://127.0.0.1:{port}/", secure_url, authority)
        finally:
            process.terminate()
            process.wait()


def _certify(folder: Path) -> Path:
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
    for blob in server.cert_chain_pems:
        blob.write_to_path(str(folder / "chain.pem"), append=True)
    server.private_key_pem.write_to_path(str(folder / "key.pem"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return folder / "ca.pem"


def _free_ports() -> tuple[int, int]:
    with socket.socket() as plain, socket.socket() as secure:
        plain.bind(("127.0.0.1", 0))
        secure.bind(("127.0.0.1", 0))
        return plain.getsockname()[1], secure.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise SystemExit("nginx did not start: is it installed?")
