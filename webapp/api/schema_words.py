"""The words in which the shapes of the API are described: JSON Schema (2020-12), as OpenAPI 3.1 has it."""

from typing import Any

from webapp.consent.gate import Suppression

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time", "description": "ISO 8601 in UTC."}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def one_of(words: Any) -> Schema:
    return {"type": "string", "enum": [str(word) for word in words]}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def record(description: str = "", optional: tuple[str, ...] = (), **fields: Schema) -> Schema:
    """An object with these fields, all required but the optional ones."""
    schema: Schema = {"type": "object", "properties": fields}
    if description:
        schema["description"] = description
    if needed := [name for name in fields if name not in optional]:
        schema["required"] = needed
    return schema


def page_of(name: str) -> Schema:
    cursor = nullable({"type": "string", "description": "Send it as “after” to get the next part."})
    return record(items=list_of(ref(name)), next=cursor)


COUNTS: Schema = {
    "type": "object",
    "propertyNames": one_of(Suppression),
    "additionalProperties": WHOLE,
    "description": "How many recipients were left out, by reason.",
}
ATTRIBUTES: Schema = {"type": "object", "additionalProperties": True, "description": "Typed values by name."}
