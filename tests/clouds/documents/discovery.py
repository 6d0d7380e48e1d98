"""Google's Discovery documents as OpenAPI ones, as far as `openapi.py` reads them."""

# Methods whose REST answer is a stream: a list of what the document names.
STREAMS = {"runQuery", "batchGet", "runAggregationQuery"}


def as_openapi(document):
    """The same document in OpenAPI's words."""
    paths = {}
    common = [parameter(name, value) for name, value in document.get("parameters", {}).items()]
    for name, method in methods(document):
        operation = {"parameters": common + [parameter(n, p) for n, p in method.get("parameters", {}).items()], "responses": {}}
        if "request" in method:
            operation["requestBody"] = {"content": json_of(schema(method["request"]))}
        answer = schema(method.get("response", {}))
        # Users are no stream, though their method bears the same name.
        if name in STREAMS and document["name"] == "firestore":
            answer = {"type": "array", "items": answer}
        operation["responses"]["200"] = {"content": json_of(answer)}
        # Google's errors are described elsewhere: https://cloud.google.com/apis/design/errors
        error = {"type": "object", "required": ["code", "message"], "properties": {"code": {"type": "integer"}, "message": {"type": "string"}}}
        whole = {"type": "object", "required": ["error"], "properties": {"error": {**error, "additionalProperties": True}}}
        # A stream tells its failure as its only element.
        for status in ("4xx", "5xx"):
            operation["responses"][status] = {"content": json_of({"anyOf": [whole, {"type": "array", "items": whole}]})}
        path = "/" + method.get("flatPath", method["path"])
        # "Format: projects/{project_id}/databases/{database_id}/documents or …/documents/{document_path}", says its parent.
        for meant in (path, path.replace("/{documentsId}/{documentsId1}:", ":")):
            paths.setdefault(meant, {})[method["httpMethod"].lower()] = operation
    return {"paths": paths, "components": {"schemas": {name: schema(value) for name, value in document["schemas"].items()}}}


def methods(resource):
    """All methods of a resource and those below it, by their last name."""
    yield from resource.get("methods", {}).items()
    for inner in resource.get("resources", {}).values():
        yield from methods(inner)


def parameter(name, value):
    """A parameter; one that may be repeated is a list."""
    plain = {"type": value["type"], **({"enum": value["enum"]} if "enum" in value else {})}
    found = {"type": "array", "items": plain} if value.get("repeated") else plain
    return {"name": name, "in": value["location"], "required": value.get("required", False) and value["location"] == "query", "schema": found}


def json_of(found):
    return {"application/json": {"schema": found}}


def schema(value):
    """A schema: references by place, no annotations, `any` is anything."""
    if "$ref" in value:
        return {"$ref": "#/components/schemas/" + value["$ref"]}
    found = {key: value[key] for key in ("enum", "pattern") if key in value}
    if value.get("type", "any") != "any":
        found["type"] = value["type"]
    # A null of Firestore is a value: NULL_VALUE, and null in JSON.
    if value.get("enum") == ["NULL_VALUE"]:
        return {}
    if "properties" in value:
        found["properties"] = {name: schema(part) for name, part in value["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(value.get(key), dict):
            found[key] = schema(value[key])
    return found
