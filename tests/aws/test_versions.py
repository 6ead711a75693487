"""Which published version may stand for $LATEST in another size."""

from __future__ import annotations

from typing import Any

import pytest

from bench.aws.versions import stands_for

LATEST: dict[str, Any] = {
    "Architectures": ["x86_64"],
    "CodeSha256": "c2hhMjU2",
    "EphemeralStorage": {"Size": 512},
    "Environment": {"Variables": {"STAGE": "test"}},
    "FileSystemConfigs": [{"Arn": "a", "LocalMountPath": "/mnt/a"}],
    "Handler": "app.handler",
    "ImageConfigResponse": {"ImageConfig": {"Command": ["a"]}},
    "KMSKeyArn": "arn:key",
    "Layers": [{"Arn": "arn:layer:1"}],
    "LoggingConfig": {"LogFormat": "Text"},
    "PackageType": "Zip",
    "Role": "arn:role",
    "Runtime": "python3.12",
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": ["s"]},
}


def test_a_version_of_another_size_age_and_name_stands_for_latest() -> None:
    told = {"MemorySize": 1024, "Version": "7", "Description": "1024 MB", "RevisionId": "r"}
    assert stands_for(LATEST | told, LATEST | {"MemorySize": 128, "Version": "$LATEST"})


@pytest.mark.parametrize("key", LATEST)
def test_whatever_could_change_a_measurement_must_be_the_same(key: str) -> None:
    assert not stands_for(LATEST | {key: "another"}, LATEST)
    assert not stands_for({k: v for k, v in LATEST.items() if k != key}, LATEST)
