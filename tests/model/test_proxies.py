"""Which proxy the environment means for a URL."""

from __future__ import annotations

import pytest

from bench.model.proxies import Proxies

ENVIRON = {"HTTPS_PROXY": "http://p:1", "http_proxy": "p:2"}


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://lambda.us-east-1.amazonaws.com", "http://p:1"),
        ("http://example.com", "http://p:2"),
        ("http://127.0.0.1:9001", None),
        ("http://127.8.8.8/", None),
        ("https://localhost:4443", None),
        ("https://a.localhost", None),
        ("http://[::1]:80/", None),
        ("http://[::ffff:127.0.0.1]/", None),
        ("http://localhost.example.com", "http://p:2"),
        ("http://10.0.0.1", "http://p:2"),
    ],
)
def test_each_scheme_has_its_proxy_and_this_machine_none(url: str, proxy: str | None) -> None:
    assert Proxies.of_environment(ENVIRON).lead_to(url) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "direct", "through"),
    [
        ("*", ["https://a.b"], []),
        ("example.com", ["http://example.com", "http://a.example.com"], ["http://anexample.com"]),
        (".example.com", ["http://a.example.com", "http://example.com"], ["http://b.com"]),
        ("*.example.com", ["http://a.example.com"], ["http://b.com"]),
        ("EXAMPLE.com.", ["http://example.com"], []),
        ("example.com:8080", ["http://example.com:8080"], ["http://example.com"]),
        ("example.com:443", ["https://example.com"], ["http://example.com"]),
        ("10.0.0.0/8", ["http://10.1.2.3"], ["http://11.1.2.3", "http://10.0.0.0.example"]),
        ("10.1.2.3", ["http://10.1.2.3"], ["http://10.1.2.30"]),
        ("10.1.2.3:81", ["http://10.1.2.3:81"], ["http://10.1.2.3:82"]),
        ("fd00::/8", ["http://[fd00::1]"], ["http://[fe80::1]"]),
        ("[fd00::1]:81", ["http://[fd00::1]:81"], ["http://[fd00::1]:82"]),
        ("a.b, c.d  e.f", ["http://a.b", "http://c.d", "http://e.f"], ["http://g.h"]),
        ("", [], ["http://a.b"]),
        (",,", [], ["http://a.b"]),
    ],
)
def test_no_proxy_takes_names_networks_and_ports(
    no_proxy: str, direct: list[str], through: list[str]
) -> None:
    proxies = Proxies.of_environment(ENVIRON | {"NO_PROXY": no_proxy})
    assert [url for url in direct if proxies.lead_to(url)] == []
    assert [url for url in through if not proxies.lead_to(url)] == []


def test_small_letters_win_and_all_proxy_is_for_the_rest() -> None:
    both = {"https_proxy": "http://a", "HTTPS_PROXY": "http://b", "ALL_PROXY": "http://c"}
    proxies = Proxies.of_environment(both)
    assert (proxies.https, proxies.http) == ("http://a", "http://c")
    assert Proxies.of_environment({"HTTP_PROXY": "http://a", "REQUEST_METHOD": "GET"}).http is None


@pytest.mark.parametrize(
    "proxy",
    [
        *("https://u:hidden@p:1", "socks5://u:hidden@p:1", "http://"),
        *("http://u:hidden@[::1", "u:hidden@p:port", "p:0", "http://p:99999"),
    ],
)
def test_what_is_no_http_proxy_is_refused_without_its_password(proxy: str) -> None:
    with pytest.raises(ValueError, match="HTTPS_PROXY must be an HTTP proxy") as caught:
        Proxies.of_environment({"HTTPS_PROXY": proxy})
    assert "hidden" not in str(caught.value)


def test_a_password_does_not_show() -> None:
    assert "hidden" not in repr(Proxies.of_environment({"HTTPS_PROXY": "http://u:hidden@p"}))
