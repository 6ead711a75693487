"""What JSON Schema says of a kind of document, for editors such as those that use Taplo.

Draft 7, which they all know. It tells a key's form: what keys may stand beside each other, and what
is at hand on this machine, only reading the document tells.
"""

from __future__ import annotations

import json
from typing import Any

from bench.schema.key import section_schema
from bench.schema.section import Document

DRAFT = "http://json-schema.org/draft-07/schema#"


def json_schema(document: Document) -> dict[str, Any]:
    """The whole schema, ready for `json.dumps`."""
    return {"$schema": DRAFT, "title": document.name, **section_schema(document.root)}


def schema_text(document: Document) -> str:
    """The schema as a file has it."""
    return json.dumps(json_schema(document), indent=2, ensure_ascii=False) + "\n"
