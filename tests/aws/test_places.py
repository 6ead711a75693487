"""Where AWS is: checked against botocore's own tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from bench.aws.places import PARTITIONS, Place, may_lead_to, partition_of, service_url
from bench.errors import TargetError

DUAL, FIPS = {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, {"AWS_USE_FIPS_ENDPOINT": "true"}
NOWHERE = {"AWS_CONFIG_FILE": "/nowhere/config"}


@pytest.mark.parametrize("theirs", Loader().load_data("partitions")["partitions"])
def test_partitions_are_those_of_botocore(theirs: dict[str, Any]) -> None:
    regions = [*theirs["regions"], "xx-yyy-1"]
    for region in regions:
        if re.match(theirs["regionRegex"], region):
            ours = partition_of(region)
            assert ours.name == theirs["id"]
            assert ours.suffix == theirs["outputs"]["dnsSuffix"]
            assert ours.dual_stack_suffix == theirs["outputs"]["dualStackDnsSuffix"]
    assert len(PARTITIONS) == 8


@pytest.mark.parametrize(
    ("region", "environ", "host"),
    [
        ("us-east-1", {}, "lambda.us-east-1.amazonaws.com"),
        ("us-east-1", DUAL, "lambda.us-east-1.api.aws"),
        ("us-east-1", FIPS, "lambda-fips.us-east-1.amazonaws.com"),
        ("us-east-1", FIPS | DUAL, "lambda-fips.us-east-1.api.aws"),
        ("us-gov-west-1", FIPS, "lambda-fips.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", DUAL, "lambda.cn-north-1.api.amazonwebservices.com.cn"),
        ("us-iso-east-1", {}, "lambda.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", {}, "lambda.us-isob-east-1.sc2s.sgov.gov"),
        ("eusc-de-east-1", {}, "lambda.eusc-de-east-1.amazonaws.eu"),
        ("eusc-de-east-1", DUAL, "lambda.eusc-de-east-1.api.amazonwebservices.eu"),
    ],
)
def test_the_lambda_api_is_where_the_sdks_look_for_it(
    region: str, environ: dict[str, str], host: str
) -> None:
    assert service_url("lambda", region, NOWHERE | environ) == f"https://{host}"


def test_step_functions_have_the_same_variants() -> None:
    url = service_url("sync-states", "eu-west-1", NOWHERE | FIPS)
    assert url == "https://sync-states-fips.eu-west-1.amazonaws.com"
    url = service_url("sync-states", "us-gov-west-1", NOWHERE | FIPS)
    assert url == "https://sync-states.us-gov-west-1.amazonaws.com"
    own = {"AWS_ENDPOINT_URL_SFN": "http://localhost:8083/", "AWS_ENDPOINT_URL_LAMBDA": "http://x"}
    assert service_url("sync-states", "eu-west-1", NOWHERE | own) == "http://localhost:8083"


def test_an_endpoint_of_ones_own_wins() -> None:
    own = NOWHERE | DUAL | FIPS | {"AWS_ENDPOINT_URL_LAMBDA": "http://localhost:4566"}
    assert service_url("lambda", "us-east-1", own) == "http://localhost:4566"
    own["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    assert service_url("lambda", "us-east-1", own) == "https://lambda-fips.us-east-1.api.aws"


def test_the_config_file_says_the_same_for_its_profile(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        "[default]\nuse_fips_endpoint = true\n"
        "[profile work]\nuse_dualstack_endpoint = true\n"
        "[profile home]\nservices = here\nendpoint_url = http://all:1\n"
        "[services here]\nlambda =\n  endpoint_url = http://localhost:4566\n"
        "[profile plain]\nendpoint_url = http://all:1\n"
    )
    environ = {"AWS_CONFIG_FILE": str(file)}
    hosts = {
        name: service_url("lambda", "us-east-1", environ | {"AWS_PROFILE": name})
        for name in ("default", "work", "home", "plain", "nobody")
    }
    assert hosts == {
        "default": "https://lambda-fips.us-east-1.amazonaws.com",
        "work": "https://lambda.us-east-1.api.aws",
        "home": "http://localhost:4566",
        "plain": "http://all:1",
        "nobody": "https://lambda.us-east-1.amazonaws.com",
    }
    over = environ | {"AWS_USE_FIPS_ENDPOINT": "false"}
    assert service_url("lambda", "us-east-1", over) == "https://lambda.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"AWS_USE_FIPS_ENDPOINT": "yes"}, "AWS_USE_FIPS_ENDPOINT must be"),
        ({"AWS_ENDPOINT_URL": "localhost:4566"}, "must be a URL such as"),
        ({"AWS_ENDPOINT_URL": "http://h:99999"}, "must be a URL such as"),
    ],
)
def test_what_cannot_be_meant_is_refused(environ: dict[str, str], words: str) -> None:
    with pytest.raises(TargetError, match=words):
        service_url("lambda", "us-east-1", NOWHERE | environ)


@pytest.mark.parametrize(
    ("api", "url", "allowed"),
    [
        ("https://lambda.us-east-1.amazonaws.com", "https://x.lambda-url.us-east-1.on.aws/", True),
        ("https://lambda.us-east-1.api.aws", "https://x.lambda-url.us-east-1.on.aws/", True),
        ("http://127.0.0.1:9001", "http://127.0.0.1:41233/abc/", True),
        ("http://localhost:4566", "http://x.localhost.localstack.cloud:4566/", True),
        ("http://localstack:4566", "http://x.lambda-url.localstack:4566/", True),
        ("http://localhost:5000", "https://x.lambda-url.us-east-1.on.aws/", False),
        ("http://localstack:4566", "https://x.lambda-url.us-east-1.on.aws/", False),
        ("http://127.0.0.1:9001", "http://10.0.0.5/", False),
        ("http://127.0.0.1:9001", "http://evil-127.0.0.1.example/", False),
    ],
)
def test_an_emulators_function_url_never_leads_elsewhere(api: str, url: str, allowed: bool) -> None:
    assert may_lead_to(Place("us-east-1", api), url) is allowed
