"""Validates an OpenAPI 3.0 document and its examples, independently of the generator.

Usage: check-spec.py FILE. The validators are third-party libraries. Every response with a body needs
an example that matches its schema. The example may use only properties that the schema declares:
schemas allow additional properties, so a misspelled name would otherwise pass.
"""

import sys

import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator


def resolve(document, node):
    """Follows references within the document."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def media_types(document):
    """Yields the location and the media type object of every response body."""
    for name, response in document["components"]["responses"].items():
        for media_type, content in response.get("content", {}).items():
            yield f"components/responses/{name} {media_type}", content
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                for media_type, content in response.get("content", {}).items():
                    yield f"{method} {path} {status} {media_type}", content


def undeclared_properties(document, schema, value, location):
    """Yields the properties of the value that the schema does not declare."""
    schema = resolve(document, schema)
    if isinstance(value, list):
        for index, item in enumerate(value):
            items = schema.get("items", {})
            yield from undeclared_properties(document, items, item, f"{location}[{index}]")
    elif isinstance(value, dict) and "properties" in schema:
        for name, item in value.items():
            if name in schema["properties"]:
                property_schema = schema["properties"][name]
                yield from undeclared_properties(document, property_schema, item, f"{location}.{name}")
            else:
                yield f"{location}.{name} is not declared"


def find_errors(document):
    """Yields the errors of the document, one line each."""
    for error in OpenAPIV30SpecValidator(document).iter_errors():
        yield f"/{'/'.join(map(str, error.absolute_path))}: {error.message}"
    for location, content in media_types(document):
        if "example" not in content:
            yield f"{location}: no example"
            continue
        schema = {"allOf": [content["schema"]], "components": document["components"]}
        for error in OAS30Validator(schema).iter_errors(content["example"]):
            yield f"{location}: example{error.json_path.removeprefix('$')}: {error.message}"
        for error in undeclared_properties(document, content["schema"], content["example"], "example"):
            yield f"{location}: {error}"


def main():
    file = sys.argv[1]
    with open(file, encoding="utf-8") as text:
        document = yaml.safe_load(text)
    errors = list(find_errors(document))
    for error in errors:
        print(f"{file}: {error}", file=sys.stderr)
    if errors:
        sys.exit(1)
    print(f"{file} is valid; all {len(list(media_types(document)))} examples match their schemas")


main()
