"""Holds requests and answers against an OpenAPI 3.0 document: paths, parameters, bodies, statuses, and no field that is not in it."""

import json
import re
import urllib.parse

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

BASE = "document:"


def modern(schema):
    """The schema in the words of JSON Schema: `nullable` is one of the types."""
    if isinstance(schema, list):
        return [modern(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: modern(value) for key, value in schema.items() if key not in ("nullable", "example", "discriminator")}
    if "$ref" in found:
        found["$ref"] = BASE + found["$ref"]
    if isinstance(found.get("exclusiveMinimum"), bool):
        del found["exclusiveMinimum"]
    return {"anyOf": [{"type": "null"}, found]} if schema.get("nullable") is True else found


class Document:
    """An OpenAPI document, ready to be held against exchanges."""

    def __init__(self, document):
        components = {"components": {"schemas": modern(document["components"]["schemas"])}}
        self.resource = Resource.from_contents(components, default_specification=DRAFT202012)
        self.registry = Registry().with_resource(BASE, self.resource)
        self.schemas = components["components"]["schemas"]
        self.operations = []
        for path, item in document["paths"].items():
            pattern = re.compile("^" + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)) + "$")
            for method, operation in item.items():
                if method in ("get", "post", "put", "delete", "patch"):
                    parameters = item.get("parameters", []) + operation.get("parameters", [])
                    self.operations.append(Operation(self, method.upper(), path, pattern, operation, parameters))
        # A path without parameters is meant before one with them.
        self.operations.sort(key=lambda operation: operation.path.count("{"))

    def operation(self, method, path):
        return next((o for o in self.operations if o.method == method and o.pattern.match(path)), None)

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def violations(self, schema, value):
        """What is wrong with a value, at most three things."""
        validator = Draft202012Validator(schema, registry=self.registry)
        found = []
        for error in validator.iter_errors(value):
            place = "/".join(str(part) for part in error.absolute_path) or "the whole"
            found.append(f"{place}: {deepest(error)[:300]}")
            if len(found) == 3:
                break
        return found + [f"{place}: is not in the document" for place in self.unknown(schema, value)][:3]

    def unknown(self, schema, value, place=""):
        """The places of fields that no alternative of the schema has."""
        alternatives = self.alternatives(schema)
        if isinstance(value, list):
            items = [a["items"] for a in alternatives if isinstance(a.get("items"), dict)]
            found = [] if not items else [u for n, part in enumerate(value) for u in self.unknown({"anyOf": items}, part, f"{place}/{n}")]
            return found
        objects = [a for a in alternatives if "properties" in a or "additionalProperties" in a]
        if not isinstance(value, dict) or not objects:
            return []
        # A union of Stripe's says by `object` which alternative is meant.
        meant = [a for a in objects if value.get("object") in a.get("properties", {}).get("object", {}).get("enum", [])]
        objects = meant or objects
        found = []
        for name, part in value.items():
            fitting = [a["properties"][name] for a in objects if name in a.get("properties", {})]
            rest = [a["additionalProperties"] for a in objects if a.get("additionalProperties")]
            if fitting:
                found += self.unknown({"anyOf": fitting}, part, f"{place}/{name}")
            elif not rest:
                found.append(f"{place}/{name}")
        return found

    def alternatives(self, schema):
        """The plain schemas that a schema may stand for."""
        schema = self.resolve(schema)
        found = [schema] if any(key in schema for key in ("type", "properties", "items", "additionalProperties")) else []
        for key in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(key, []):
                found += self.alternatives(part)
        return found


def deepest(error):
    """The message of the alternative that came furthest."""
    while error.context:
        error = max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
    place = "/".join(str(part) for part in error.absolute_path)
    return f"{error.message} (at {place})" if place else error.message


class Operation:
    """One method of one path."""

    def __init__(self, document, method, path, pattern, operation, parameters):
        self.document, self.method, self.path, self.pattern = document, method, path, pattern
        self.query = {p["name"].removesuffix("[]"): p for p in parameters if p["in"] == "query"}
        content = operation.get("requestBody", {}).get("content", {})
        self.body = next((modern(c.get("schema", {})) for c in content.values()), None)
        self.body_required = operation.get("requestBody", {}).get("required", False)
        self.answers = {}
        for status, answer in operation["responses"].items():
            content = answer.get("content", {})
            self.answers[status.lower()] = next((modern(c.get("schema", {})) for c in content.values()), None)

    def request(self, query, body):
        """What is wrong with a request; `body` is decoded JSON or a form's text."""
        found = []
        given = nested(urllib.parse.parse_qsl(query, keep_blank_values=True))
        for name, value in given.items():
            parameter = self.query.get(name)
            if parameter is None:
                found.append(f"query parameter {name}: is not in the document")
                continue
            schema = modern(parameter["schema"])
            found += [f"query parameter {name}: {v}" for v in self.document.violations(schema, self.coerced(schema, value))]
        for name, parameter in self.query.items():
            if parameter.get("required") and name not in given:
                found.append(f"query parameter {name}: is required")
        if body in (None, "", {}) and not (self.body_required and self.body and self.body.get("required")):
            return found
        if self.body is None:
            return found + ["a body was sent, and the document knows none"]
        if isinstance(body, str):
            body = self.coerced(self.body, nested(urllib.parse.parse_qsl(body, keep_blank_values=True)))
        return found + [f"body: {v}" for v in self.document.violations(self.body, body)]

    def answer(self, status, text):
        """What is wrong with an answer."""
        names = (str(status), f"{status // 100}xx", "default")
        name = next((name for name in names if name in self.answers), None)
        if name is None:
            return [f"status {status}: is not in the document, which has {sorted(self.answers)}"]
        schema = self.answers[name]
        if schema is None:
            return [] if not text.strip() else ["an answer without content has a body"]
        try:
            return self.document.violations(schema, json.loads(text))
        except ValueError:
            return ["the answer is not JSON"]

    def coerced(self, schema, value):
        """Texts of a query or a form in the types of the schema."""
        schemas = self.document.alternatives(schema)
        if isinstance(value, dict):
            if value and all(key.isdigit() for key in value):
                value = [value[key] for key in sorted(value, key=int)]
            else:
                properties = {}
                for alternative in schemas:
                    for name, part in alternative.get("properties", {}).items():
                        properties.setdefault(name, []).append(part)
                return {k: self.coerced({"anyOf": properties[k]}, v) if k in properties else v for k, v in value.items()}
        arrays = [a for a in schemas if a.get("type") == "array"]
        if isinstance(value, list) or (arrays and isinstance(value, str) and not any(a.get("type") == "string" for a in schemas)):
            value = value if isinstance(value, list) else [value]
            return [self.coerced(arrays[0].get("items", {}), part) if arrays else part for part in value]
        types = {a.get("type") for a in schemas}
        if isinstance(value, str):
            if "integer" in types and re.fullmatch(r"-?\d+", value):
                return int(value)
            if "number" in types and re.fullmatch(r"-?\d+(\.\d+)?", value):
                return float(value)
            if "boolean" in types and value in ("true", "false"):
                return value == "true"
        return value


def nested(pairs):
    """`items[0][price]=x&expand[]=y` as an object."""
    whole = {}
    for name, value in pairs:
        head, *rest = re.findall(r"[^\[\]]+|\[\]", name)
        keys = [head, *rest]
        target = whole
        for key, following in zip(keys, keys[1:]):
            if following == "[]":
                target.setdefault(key, []).append(value)
                break
            target = target.setdefault(key, {})
        else:
            last = keys[-1]
            if last in target and not isinstance(target[last], dict):
                # A parameter given several times is a list.
                target[last] = (target[last] if isinstance(target[last], list) else [target[last]]) + [value]
            else:
                target[last] = value
    return whole
