"""Functions of SAM's, CloudFormation's and the Serverless Framework's templates."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from bench.errors import UsageError
from bench.local.options import Route
from bench.local.templates import read_template
from bench.local.templates import serverless as serverless_framework
from bench.local.templates.declared import Template

pytest.importorskip("yaml", reason="there is no PyYAML")

SAM = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Stage: {Type: String, Default: test}
      Secret: {Type: String}
    Globals:
      Function:
        Runtime: nodejs22.x
        Timeout: 7
        MemorySize: 256
        Environment: {Variables: {STAGE: !Ref Stage, REGION: !Ref AWS::Region}}
    Resources:
      Items:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: items/
          Handler: app.api.get
          MemorySize: 512
          Layers: [!Ref Shared]
          Environment:
            Variables:
              TABLE: !Ref Table
              OTHER: !GetAtt Worker.Arn
              URL: !Sub "https://${Stage}.example.com/${!literal}"
              TOKEN: !Sub "${Secret}"
              COUNT: 3
              FLAG: true
          Events:
            Get: {Type: HttpApi, Properties: {Path: "/items/{id}", Method: get}}
            Timed: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
      Worker:
        Type: AWS::Serverless::Function
        Properties:
          FunctionName: !Sub "worker-${Stage}"
          CodeUri: worker
          Runtime: python3.12
          Handler: main.handler
      Pictures:
        Type: AWS::Serverless::Function
        Properties: {PackageType: Image}
      Missing:
        Type: AWS::Lambda::Function
        Properties: {Code: {S3Bucket: b, S3Key: k}, Handler: a.b, Runtime: java21}
      Table: {Type: AWS::DynamoDB::Table}
"""
SERVERLESS = """
    service: shop
    provider:
      name: aws
      stage: ${opt:stage, 'prod'}
      runtime: python3.12
      memorySize: 1024
      environment: {STAGE: "${self:provider.stage}", KEY: "${env:KEY}", PARAM: "${ssm:/x}"}
    functions:
      list:
        handler: src/handlers/items.list
        timeout: 3
        environment: {LIMIT: 10}
        events:
          - httpApi: GET /items
          - http: {path: "items/{id}", method: delete}
          - sqs: arn
      named: {handler: worker.main, name: "own-${sls:stage}", reservedConcurrency: 3}
      gone: {handler: no.where}
    plugins: [serverless-esbuild]
"""


def written(folder: Path, name: str, content: str, *files: str) -> Path:
    """A template with files beside it."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    (folder / name).write_text(dedent(content))
    return folder / name


def test_a_template_of_sam(tmp_path: Path) -> None:
    path = written(tmp_path, "template.yaml", SAM, "items/app.js", "worker/main.py")
    template = read_template(path)
    items, worker = template.sources
    assert (items.name, items.folder, items.handler) == ("Items", tmp_path / "items", "app.api.get")
    assert (items.runtime, items.memory_mb, items.timeout_s) == ("nodejs22.x", (512,), 7.0)
    assert items.environment == {
        "STAGE": "test",
        "REGION": "us-east-1",
        "OTHER": "arn:aws:lambda:us-east-1:123456789012:function:worker-test",
        "URL": "https://test.example.com/${literal}",
        "COUNT": "3",
        "FLAG": "true",
    }
    assert items.routes == (Route("http-api", "GET", "/items/{id}"),)
    assert (worker.name, worker.runtime, worker.memory_mb) == ("worker-test", "python3.12", (256,))
    assert template.passed_over == (
        "Items: variable TABLE is !Ref Table",
        "Items: variable TOKEN is !Sub ${Secret}",
        "Items: Layers",
        "Items: events of type Schedule",
        "function Pictures: it is a container image, which is not run here",
        "function Missing: its code is no folder beside the template",
        "resources of type AWS::DynamoDB::Table",
    )


def read_serverless(path: Path, **environ: str) -> Template:
    from bench.local.templates.document import load

    return serverless_framework.read(load(path), path, environ)


def test_a_service_of_the_serverless_framework(tmp_path: Path) -> None:
    files = ("src/handlers/items.py", "worker.py")
    path = written(tmp_path, "serverless.yml", SERVERLESS, *files)
    template = read_serverless(path, KEY="k")
    listing, named = template.sources
    assert (listing.name, listing.handler) == ("shop-prod-list", "src/handlers/items.list")
    assert (listing.folder, listing.memory_mb, listing.timeout_s) == (tmp_path, (1024,), 3.0)
    assert listing.environment == {"STAGE": "prod", "KEY": "k", "LIMIT": "10"}
    assert listing.routes == (
        Route("http-api", "GET", "/items"),
        Route("rest", "DELETE", "/items/{id}"),
    )
    assert named.name == "own-prod"
    assert "shop-prod-list: variable PARAM is ${ssm:/x}" in template.passed_over
    assert any(text.startswith("function gone: ") for text in template.passed_over)
    assert "list: events of type sqs" in template.passed_over
    assert "named: reservedConcurrency" in template.passed_over
    assert template.passed_over[-1] == "sections plugins"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a: [1", "template.yaml, line 1: "),
        ("[1]", "is no mapping"),
        ("a: 1", "neither Resources"),
        ("Resources: {T: {Type: AWS::SNS::Topic}}", "no function that can be served: resources of"),
        ("Resources: {F: {Type: AWS::Serverless::Function, Properties: 1}}", "are no mapping"),
        (
            "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Runtime: go1.x}}}",
            "function F: runtime go1.x is not run here",
        ),
        (
            "Resources: {F: {Type: AWS::Serverless::Function, Properties: {MemorySize: many, "
            "Handler: f.handler, Runtime: python3.12}}}",
            "function F: its memory is many",
        ),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path: Path, content: str, text: str) -> None:
    path = written(tmp_path, "template.yaml", content, "f.py")
    with pytest.raises(UsageError) as caught:
        read_template(path)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
