import json
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session

from bench.aws.credentials import (
    REFRESH_MARGIN_S,
    Credentials,
    find_region,
    load_credentials,
    renewed,
)
from bench.errors import ExitCode, TargetError

PROCESS = """[profile temporary]
region = eu-south-2
credential_process = {python} {script}
"""


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def test_the_environment_comes_first() -> None:
    environ = {"AWS_ACCESS_KEY_ID": " AKID ", "AWS_SECRET_ACCESS_KEY": "secret"}
    assert load_credentials(environ) == Credentials("AKID", "secret")
    environ["AWS_SESSION_TOKEN"] = "token"
    assert load_credentials(environ) == Credentials("AKID", "secret", "token")


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_a_pair_is_a_mistake(name: str) -> None:
    other = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} - {name}
    with pytest.raises(TargetError, match=other.pop()):
        load_credentials({name: "value"})


def test_without_any_the_error_says_what_to_do() -> None:
    with pytest.raises(TargetError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        load_credentials({})


def test_without_botocore_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(TargetError, match=r"lamload\[aws\]"):
        load_credentials({})


def test_a_profile_of_the_shared_files_is_found(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[work]\naws_access_key_id = AKWORK\naws_secret_access_key = s\n"
    )
    found = load_credentials({"AWS_PROFILE": "work"})
    assert (found.access_key, found.expires_epoch_s) == ("AKWORK", None)
    with pytest.raises(TargetError, match=r"cannot be had: .*nobody"):
        load_credentials({"AWS_PROFILE": "nobody"})


def test_expiring_credentials_are_renewed_before_they_end(tmp_path: Path) -> None:
    counter = tmp_path / "count"
    script = tmp_path / "process.py"
    answer = {"Version": 1, "SecretAccessKey": "s", "SessionToken": "t"}
    answer["Expiration"] = "2099-01-01T00:00:00Z"
    script.write_text(
        f"import json, pathlib\np = pathlib.Path({str(counter)!r})\n"
        "n = int(p.read_text()) + 1 if p.exists() else 1\np.write_text(str(n))\n"
        f"print(json.dumps({json.dumps(answer)} | {{'AccessKeyId': f'AK{{n}}'}}))\n"
    )
    (tmp_path / "config").write_text(PROCESS.format(python=sys.executable, script=script))
    environ = {"AWS_PROFILE": "temporary"}
    first = load_credentials(environ)
    expires = first.expires_epoch_s
    assert expires == 4070908800
    assert (first.access_key, first.session_token) == ("AK1", "t")
    assert renewed(first, environ, expires - REFRESH_MARGIN_S) is None
    second = renewed(first, environ, expires - REFRESH_MARGIN_S + 1)
    assert second is not None
    assert second.access_key == "AK2"
    assert renewed(Credentials("AK", "s"), environ, expires) is None


@pytest.mark.parametrize(
    "printed",
    [b"<html>\x1b[31m", b"[1, 2]", b"{}", b'{"Version": 1}', b"", b'{"Version": 7}', b"\xff\xfe"],
)
def test_a_credential_process_that_prints_garbage_is_told_in_one_line(
    tmp_path: Path, printed: bytes
) -> None:
    script = tmp_path / "process.py"
    script.write_text(f"import sys\nsys.stdout.buffer.write({printed!r})\n")
    (tmp_path / "config").write_text(PROCESS.format(python=sys.executable, script=script))
    with pytest.raises(TargetError, match="credential") as caught:
        load_credentials({"AWS_PROFILE": "temporary"})
    assert str(caught.value).isprintable()
    assert caught.value.exit_code is ExitCode.TARGET


def test_a_role_that_may_not_be_assumed_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = "User: arn:aws:iam::1:user/a is not authorized to perform: sts:AssumeRole"

    def denied(_: Session) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": words}}, "AssumeRole")

    monkeypatch.setattr(Session, "get_credentials", denied)
    with pytest.raises(TargetError, match=r"cannot be had: .*AccessDenied.*sts:AssumeRole$"):
        load_credentials({})


def test_secrets_do_not_show() -> None:
    shown = repr(Credentials("AKID", "very-secret", "token-secret"))
    assert "secret" not in shown
    assert "AKID" in shown


def test_the_region_is_found_in_both_variables_and_in_the_profile(tmp_path: Path) -> None:
    both = {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-west-2"}
    assert find_region(both, "ap-east-1") == "ap-east-1"
    assert find_region(both) == "eu-north-1"
    assert find_region({"AWS_DEFAULT_REGION": "us-west-2"}) == "us-west-2"
    (tmp_path / "config").write_text("[default]\nregion = eu-south-1\n")
    assert find_region({}) == "eu-south-1"
    (tmp_path / "config").write_text("[profile work]\nregion = eu-south-2\n")
    assert find_region({"AWS_PROFILE": "work"}) == "eu-south-2"
    (tmp_path / "config").write_text("")
    with pytest.raises(TargetError, match=r"set target\.region"):
        find_region({})
