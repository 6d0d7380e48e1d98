"""Holds recorded exchanges against the document that a service publishes: OpenAPI, or Google's own form.

usage: validate.py EXCHANGES.jsonl CLOUD DOCUMENT.json|DOCUMENT.py
"""

import collections
import json
import re
import runpy
import sys

import discovery
from openapi import Document

# What Hetzner answers since the document was written (PyPI hcloud 2.27.0, class ServerTypeLocation, reads both).
NEWER = re.compile(r"/locations/\d+/(available|recommended): is not in the document$")

# Of exchanges that look alike, so many are held against the document.
ALIKE = 20


def shape(value):
    """What two alike bodies have in common: fields and types, and texts that may be of an enumeration."""
    if isinstance(value, dict):
        return tuple(sorted((key, shape(part)) for key, part in value.items()))
    if isinstance(value, list):
        return tuple(sorted({repr(shape(part)) for part in value}))
    if isinstance(value, str):
        return value if value.isalpha() and len(value) < 24 else "text"
    return type(value).__name__


def published(path):
    """A published document as an OpenAPI one."""
    if path.endswith(".py"):
        return runpy.run_path(path)["sspec"]
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    return discovery.as_openapi(document) if "discoveryVersion" in document else document


def body_of(exchange, cloud):
    """A request's body: JSON decoded, a form as it is."""
    if cloud == "stripe" or not exchange["body"].strip():
        return exchange["body"]
    return json.loads(exchange["body"])


def overlooked(document, exchanges):
    """What is wrong in exchanges that were spoilt on purpose, and is not found: a check that finds nothing proves nothing."""
    found, tried = [], 0
    for name, exchange in sorted(exchanges.items()):
        operation = document.operation(exchange["method"], exchange["path"])
        if not operation.request("nonsense=1", ""):
            found.append(f"{name}: a query parameter of no meaning")
        tried += 1
        schema = operation.answers.get(str(exchange["status"]))
        answer = json.loads(exchange["answer"]) if exchange["answer"].strip() else None
        if schema is None or not isinstance(answer, dict):
            continue
        spoilt = {**answer, "nonsense": 1}
        missing = {key: value for key, value in answer.items() if key not in document.resolve(schema).get("required", [])}
        strange = {key: {"strange": True} for key in answer}
        for what, body in (("an unknown field", spoilt), ("no required field", missing), ("fields of another type", strange)):
            tried += 1
            if body != answer and not operation.answer(exchange["status"], json.dumps(body)):
                found.append(f"{name}: an answer with {what}")
    return found, tried


def main(recording, cloud, path):
    document = Document(published(path))
    seen, checked, wrong = collections.Counter(), collections.Counter(), collections.Counter()
    samples = {}
    for line in open(recording, encoding="utf-8"):
        exchange = json.loads(line)
        if exchange["cloud"] != cloud:
            continue
        place = f"{exchange['method']} {exchange['path']}"
        operation = document.operation(exchange["method"], exchange["path"])
        if operation is None:
            wrong[f"{place}: the document has no such operation"] += 1
            continue
        name = f"{operation.method} {operation.path}"
        try:
            answer = shape(json.loads(exchange["answer"])) if exchange["answer"].strip() else None
        except ValueError:
            answer = "not JSON"
        alike = (name, exchange["by"], exchange["status"], exchange["query"].count("&"), len(exchange["body"]) > 0, repr(answer))
        seen[alike] += 1
        if seen[alike] > ALIKE:
            continue
        checked[name] += 1
        if exchange["status"] < 300:
            samples.setdefault(name, exchange)
        # What others ask is theirs; and what was refused may have been meant to be wrong.
        if exchange["by"] == "ampere" and (exchange["status"] < 400 or exchange["status"] == 404):
            for violation in operation.request(exchange["query"], body_of(exchange, cloud)):
                wrong[f"{name}: request: {violation}"] += 1
        for violation in operation.answer(exchange["status"], exchange["answer"]):
            if NEWER.search(violation):
                continue
            wrong[f"{name}: answer {exchange['status']}: {violation}"] += 1
    blind, tried = overlooked(document, samples)
    for what in blind:
        wrong[f"the check overlooks: {what}"] += 1
    for violation, count in sorted(wrong.items()):
        print(f"FAILED: {violation}" + (f" ({count} times)" if count > 1 else ""))
    for name, count in sorted(checked.items()):
        print(f"  {count:4}  {name}")
    print(
        f"{cloud}: {sum(checked.values())} exchanges of {len(checked)} operations held against the document, {len(wrong)} failed; "
        f"{tried - len(blind)} of {tried} that were spoilt on purpose were found"
    )
    # A recording that holds nothing proves nothing.
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
