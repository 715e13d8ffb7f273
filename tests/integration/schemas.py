"""The JSON Schemas of proto/schema, for tests: check("get.reply", value) raises jsonschema.ValidationError.

With strict=True a member that no schema names is an error too: the protocol lets a reader ignore it, our own programs
have no business sending it.
"""

import json
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # Newer versions of jsonschema announce the end of RefResolver; Debian 12 has nothing else yet.
    warnings.simplefilter("ignore", DeprecationWarning)
    from jsonschema import Draft202012Validator, RefResolver

ROOT = Path(__file__).resolve().parents[2]
SCHEMA_DIR = ROOT / "proto" / "schema"


def load(name):
    return json.loads((SCHEMA_DIR / f"{name}.json").read_text(encoding="utf-8"))


def names():
    return sorted(path.name.removesuffix(".json") for path in SCHEMA_DIR.glob("*.json"))


def _closed(schema):
    """The same schema with every object that lists its properties closed to others."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def validator(name, strict=False):
    change = _closed if strict else (lambda schema: schema)
    store = {(SCHEMA_DIR / f"{other}.json").as_uri(): change(load(other)) for other in names()}
    uri = (SCHEMA_DIR / f"{name}.json").as_uri()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        resolver = RefResolver(uri, store[uri], store=store)
        return Draft202012Validator(store[uri], resolver=resolver)


def check(name, value, strict=False):
    validator(name, strict).validate(value)
