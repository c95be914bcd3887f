"""Validates an OpenAPI 3.0 document with validators that share nothing with the generator, its examples included.

Usage: check-spec.py FILE. Every response with a body must have an example that fits its schema and uses only properties
that the schema declares; a misspelt property would otherwise pass, since a schema allows what it does not mention.
"""

import sys

import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator


def resolve(document, node):
    """Follows a reference within the document."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def media_types(document):
    """Yields the place and the media type of every body of a response."""
    for name, response in document["components"]["responses"].items():
        for media_type, content in response.get("content", {}).items():
            yield f"components/responses/{name} {media_type}", content
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                for media_type, content in response.get("content", {}).items():
                    yield f"{method} {path} {status} {media_type}", content


def undeclared(document, schema, value, place):
    """Yields the properties of the value that no schema declares."""
    schema = resolve(document, schema)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from undeclared(document, schema.get("items", {}), item, f"{place}[{index}]")
    elif isinstance(value, dict) and "properties" in schema:
        for name, item in value.items():
            if name in schema["properties"]:
                yield from undeclared(document, schema["properties"][name], item, f"{place}.{name}")
            else:
                yield f"{place}.{name} is not declared"


def faults(document):
    """Yields what is wrong with the document, one line each."""
    for error in OpenAPIV30SpecValidator(document).iter_errors():
        yield f"/{'/'.join(map(str, error.absolute_path))}: {error.message}"
    for place, content in media_types(document):
        if "example" not in content:
            yield f"{place}: no example"
            continue
        schema = {"allOf": [content["schema"]], "components": document["components"]}
        for error in OAS30Validator(schema).iter_errors(content["example"]):
            yield f"{place}: example{error.json_path.removeprefix('$')}: {error.message}"
        for fault in undeclared(document, content["schema"], content["example"], "example"):
            yield f"{place}: {fault}"


def main():
    file = sys.argv[1]
    with open(file, encoding="utf-8") as text:
        document = yaml.safe_load(text)
    found = list(faults(document))
    for fault in found:
        print(f"{file}: {fault}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"{file} is valid, with {len(list(media_types(document)))} examples that fit their schemas")


main()
