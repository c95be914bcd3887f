//! Converts small documents. The order of keys is compared, too.

mod damage;
mod documents;

use serde_json::Value;

use super::convert;
use crate::document::join;

/// A tree from YAML in flow style.
fn yaml(text: &str) -> Value {
    let document = format!("openapi: 3.0.3\nx: {text}\n");
    let mut document = crate::read::parse("doc", document.as_bytes()).unwrap();
    document.root["x"].take()
}

/// A Swagger document with these members.
fn swagger(members: &str) -> Value {
    yaml(&format!("{{swagger: '2.0', {members}}}"))
}

/// The converted document, and the changes as text.
fn converted(root: Value) -> (Value, Vec<String>) {
    let (root, changes) = convert(root);
    (root, changes.iter().map(ToString::to_string).collect())
}

/// A case: its name, the original, the expected result, and the beginnings of the expected changes.
type Case<'a> = (&'a str, &'a str, &'a str, &'a [&'a str]);

/// Converts each case as the part of a document that `before` adds around it, and compares the node
/// at `pointer`.
#[track_caller]
fn cases(before: fn(&str) -> String, pointer: &str, list: &[Case<'_>]) {
    for (name, old, new, reported) in list {
        let (root, changes) = converted(swagger(&before(old)));
        let found = root.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found.to_string(), yaml(new).to_string(), "{name}");
        assert_eq!(changes.len(), reported.len(), "{name}: {changes:#?}");
        for (change, start) in changes.iter().zip(*reported) {
            assert!(change.starts_with(start), "{name}: {start}: {changes:#?}");
        }
    }
}

/// `POST /a` with these members, in a document with some shared parts.
fn post(members: &str) -> String {
    format!(
        "produces: [application/json], paths: {{/a: {{post: {{operationId: PostA, {members}}}}}}},
         parameters: {{
            Page: {{name: page, in: query, type: string}},
            Thing: {{name: thing, in: body, required: true, schema: {{type: object}}}},
            Again: {{$ref: '#/parameters/Thing'}},
            Part: {{name: part, in: formData, type: string}},
            Ring: {{$ref: '#/parameters/Ring'}}}},
         responses: {{Bad: {{description: B, schema: {{type: object}}}}}}"
    )
}

/// The changes of the shared parts of [`post`].
const SHARED: [&str; 2] = [
    "media_type: #/parameters/Thing: `consumes` is missing",
    "form: #/parameters/Part: a form field cannot be shared",
];

/// Cases of one operation. Changes of shared parts and total counts are checked elsewhere.
#[track_caller]
fn operations(list: &[Case<'_>]) {
    for (name, old, new, reported) in list {
        let (root, mut changes) = converted(swagger(&post(old)));
        changes.retain(|change| {
            let shared = SHARED.iter().any(|start| change.starts_with(start));
            !shared && !change.contains("in total)")
        });
        let mut found = root.pointer("/paths/~1a/post").unwrap().clone();
        found.as_object_mut().unwrap().shift_remove("operationId");
        assert_eq!(found.to_string(), yaml(new).to_string(), "{name}");
        assert_eq!(changes.len(), reported.len(), "{name}: {changes:#?}");
        for (change, start) in changes.iter().zip(*reported) {
            assert!(change.starts_with(start), "{name}: {start}: {changes:#?}");
        }
    }
}

#[test]
fn a_converted_document_keeps_its_order_with_version_first_and_components_last() {
    cases(
        str::to_owned,
        "",
        &[
            (
                "everything at once",
                "securityDefinitions: {B: {type: basic}}, info: {title: T, version: '1', x-i: 1}, host: h, definitions: {A: {type: string}},
                 basePath: /api/v1, schemes: [https], x-v: {$ref: '#/definitions/A'}, tags: [{name: t}], externalDocs: {url: u}, security: [{B: []}],
                 paths: {x-p: {get: 1}}, consumes: [a/b], produces: [a/b]",
                "{openapi: 3.0.3, info: {title: T, version: '1', x-i: 1}, servers: [{url: /api/v1}], x-v: {$ref: '#/definitions/A'},
                 tags: [{name: t}], externalDocs: {url: u}, security: [{B: []}], paths: {x-p: {get: 1}},
                 components: {securitySchemes: {B: {type: http, scheme: basic}}, schemas: {A: {type: string}}}}",
                &["server: #/host: dropped \"h\"", "server: #/schemes: dropped [\"https\"]"],
            ),
            ("nothing", "", "{openapi: 3.0.3}", &[]),
            (
                "members that Swagger lacks",
                "foo: 1, components: {}, servers: []",
                "{openapi: 3.0.3, foo: 1}",
                &[
                    "unknown_member: #/foo: Swagger 2.0 does not define `foo`",
                    "unknown_member: #/components: dropped: Swagger 2.0 does not have",
                    "unknown_member: #/servers: dropped: Swagger 2.0 does not have",
                ],
            ),
            (
                "sections of the wrong kind stay for the check",
                "definitions: 1, parameters: [a], responses: text, securityDefinitions: null, paths: []",
                "{openapi: 3.0.3, paths: [], components: {schemas: 1, parameters: [a], responses: text, securitySchemes: null}}",
                &[],
            ),
            (
                "a name that OpenAPI does not allow",
                "definitions: {'List«A»': {type: array, items: {$ref: '#/definitions/A b'}}, 'A b': {}}",
                "{openapi: 3.0.3, components: {schemas: {'List«A»': {type: array, items: {$ref: '#/components/schemas/A b'}}, 'A b': {}}}}",
                &[
                    "component_name: #/definitions/List«A»",
                    "component_name: #/definitions/A b",
                ],
            ),
        ],
    );
}

#[test]
fn an_unquoted_swagger_version_is_reported() {
    let (root, changes) = converted(yaml("{swagger: 2.0}"));
    assert_eq!(root.to_string(), r#"{"openapi":"3.0.3"}"#);
    assert_eq!(
        changes,
        ["version: #/swagger: 2.0 is interpreted as \"2.0\", which should be quoted"]
    );
}

#[test]
fn the_base_path_becomes_the_server() {
    let base = |value: &str| format!("basePath: {value}");
    let list: [Case<'_>; 6] = [
        ("a path", "/api/v1", "[{url: /api/v1}]", &[]),
        ("none", "/", "null", &[]),
        ("an empty one", "''", "null", &[]),
        (
            "a slash too many",
            "/api/",
            "[{url: /api}]",
            &["server: #/basePath: changed the base path `/api/` to `/api`"],
        ),
        (
            "one that would be a host",
            "//evil/api",
            "[{url: /evil/api}]",
            &["server: #/basePath: "],
        ),
        ("a number stays for the check", "1", "[{url: 1}]", &[]),
    ];
    cases(base, "/servers", &list);
}

#[test]
fn security_schemes_are_converted() {
    let schemes = |value: &str| format!("securityDefinitions: {{S: {value}}}");
    cases(
        schemes,
        "/components/securitySchemes/S",
        &[
            (
                "basic",
                "{description: D, type: basic, x-a: 1}",
                "{description: D, type: http, scheme: basic, x-a: 1}",
                &[],
            ),
            (
                "a key",
                "{type: apiKey, name: X-Key, in: header}",
                "{type: apiKey, name: X-Key, in: header}",
                &[],
            ),
            (
                "implicit",
                "{type: oauth2, flow: implicit, authorizationUrl: u, scopes: {r: read}, description: D}",
                "{type: oauth2, flows: {implicit: {authorizationUrl: u, scopes: {r: read}}}, description: D}",
                &[],
            ),
            (
                "password, without scopes",
                "{flow: password, type: oauth2, tokenUrl: t}",
                "{flows: {password: {tokenUrl: t, scopes: {}}}, type: oauth2}",
                &[],
            ),
            (
                "application",
                "{type: oauth2, flow: application, tokenUrl: t, scopes: {}}",
                "{type: oauth2, flows: {clientCredentials: {tokenUrl: t, scopes: {}}}}",
                &[],
            ),
            (
                "access code",
                "{type: oauth2, flow: accessCode, tokenUrl: t, authorizationUrl: u, scopes: {}}",
                "{type: oauth2, flows: {authorizationCode: {tokenUrl: t, authorizationUrl: u, scopes: {}}}}",
                &[],
            ),
            (
                "another flow",
                "{type: oauth2, flow: device}",
                "{type: oauth2, flow: device}",
                &["security: #/securityDefinitions/S: unknown security scheme"],
            ),
            (
                "another type",
                "{type: bearer}",
                "{type: bearer}",
                &["security: #/securityDefinitions/S: "],
            ),
            (
                "no object",
                "[1]",
                "[1]",
                &["security: #/securityDefinitions/S: "],
            ),
        ],
    );
}

#[test]
fn schemas_keep_their_keywords() {
    let schema = |value: &str| format!("definitions: {{A: {value}}}");
    cases(
        schema,
        "/components/schemas/A",
        &[
            (
                "what is the same in both",
                "{title: T, type: object, readOnly: true, required: [b], example: 1, xml: {name: n}, properties: {b: {type: integer, exclusiveMinimum: true, minimum: 0}}, x-a: 1}",
                "{title: T, type: object, readOnly: true, required: [b], example: 1, xml: {name: n}, properties: {b: {type: integer, exclusiveMinimum: true, minimum: 0}}, x-a: 1}",
                &[],
            ),
            (
                "references where they may stand",
                "{allOf: [{$ref: '#/definitions/B'}], properties: {b: {$ref: '#/definitions/B', description: D}}, items: {$ref: '#/definitions/B'}, additionalProperties: {$ref: '#/definitions/a~1b/properties/c'}}",
                "{allOf: [{$ref: '#/components/schemas/B'}], properties: {b: {$ref: '#/components/schemas/B', description: D}}, items: {$ref: '#/components/schemas/B'}, additionalProperties: {$ref: '#/components/schemas/a~1b/properties/c'}}",
                &[],
            ),
            (
                "references in data, and a property of that name",
                "{default: {$ref: '#/definitions/B'}, enum: [{$ref: '#/definitions/B'}], example: {$ref: '#/definitions/B'}, x-a: {$ref: '#/definitions/B'}, properties: {$ref: {type: string}, example: {$ref: '#/definitions/B'}}}",
                "{default: {$ref: '#/definitions/B'}, enum: [{$ref: '#/definitions/B'}], example: {$ref: '#/definitions/B'}, x-a: {$ref: '#/definitions/B'}, properties: {$ref: {type: string}, example: {$ref: '#/components/schemas/B'}}}",
                &[],
            ),
            (
                "references that lead elsewhere stay for the check",
                "{properties: {a: {$ref: Foo}, b: {$ref: 'Foo.json#/definitions/B'}, c: {$ref: '#/paths/~1a'}, d: {$ref: 1}}}",
                "{properties: {a: {$ref: Foo}, b: {$ref: 'Foo.json#/definitions/B'}, c: {$ref: '#/paths/~1a'}, d: {$ref: 1}}}",
                &[],
            ),
            (
                "a discriminator",
                "{discriminator: kind, properties: {discriminator: {type: string}}}",
                "{discriminator: {propertyName: kind}, properties: {discriminator: {type: string}}}",
                &[],
            ),
            (
                "one that is none stays for the check",
                "{discriminator: [kind]}",
                "{discriminator: [kind]}",
                &[],
            ),
            (
                "what may be null",
                "{x-nullable: true, properties: {b: {x-isnullable: false}, c: {x-nullable: 'yes'}, d: {nullable: true, x-nullable: false}, x-nullable: {x-isNullable: true}}}",
                "{nullable: true, properties: {b: {nullable: false}, c: {x-nullable: 'yes'}, d: {nullable: true, x-nullable: false}, x-nullable: {nullable: true}}}",
                &[],
            ),
            (
                "what is better not used",
                "{x-deprecated: true, properties: {b: {x-deprecated: 'yes'}, x-deprecated: {deprecated: false, x-deprecated: true}}}",
                "{deprecated: true, properties: {b: {x-deprecated: 'yes'}, x-deprecated: {deprecated: false, x-deprecated: true}}}",
                &[],
            ),
            (
                "flags in place of the list of what is required",
                "{properties: {b: {type: string, required: true, title: T}, c: {required: false}, d: {$ref: '#/definitions/D', required: true}}, x-a: 1}",
                "{properties: {b: {type: string, title: T}, c: {}, d: {$ref: '#/components/schemas/D'}}, x-a: 1, required: [b, d]}",
                &[
                    "required_flag: #/definitions/A/properties/b: moved `required: true`",
                    "required_flag: #/definitions/A/properties/c: moved `required: false`",
                    "required_flag: #/definitions/A/properties/d: moved `required: true`",
                ],
            ),
            (
                "flags beside the list, and one at no property",
                "{required: [b], properties: {b: {required: true}, c: {required: true}, d: {items: {required: true}}}}",
                "{required: [b, c], properties: {b: {}, c: {}, d: {items: {}}}}",
                &[
                    "required_flag: #/definitions/A/properties/b: ",
                    "required_flag: #/definitions/A/properties/c: ",
                    "required_flag: #/definitions/A/properties/d/items/required: dropped `required: true`",
                ],
            ),
            (
                "a flag beside what is no list stays for the check",
                "{required: b, properties: {b: {required: 'true'}, c: {required: true}}}",
                "{required: b, properties: {b: {required: 'true'}, c: {}}}",
                &["required_flag: #/definitions/A/properties/c: "],
            ),
            (
                "a file where none can stand",
                "{properties: {b: {format: x, type: file}}}",
                "{properties: {b: {format: binary, type: string}}}",
                &["file: #/definitions/A/properties/b: "],
            ),
            (
                "how lists are written",
                "{items: {collectionFormat: csv}}",
                "{items: {}}",
                &["collection_format: #/definitions/A/items/collectionFormat: dropped \"csv\""],
            ),
            (
                "several schemas for a list's items",
                "{items: [{$ref: '#/definitions/B'}, 1], additionalProperties: false, allOf: {a: {$ref: '#/definitions/B'}}, properties: [1]}",
                "{items: [{$ref: '#/components/schemas/B'}, 1], additionalProperties: false, allOf: {a: {$ref: '#/components/schemas/B'}}, properties: [1]}",
                &[],
            ),
            ("no object", "text", "text", &[]),
        ],
    );
}

#[test]
fn parameter_types_become_a_schema() {
    let wrap = |value: &str| format!("paths: {{/a: {{get: {{parameters: [{value}]}}}}}}");
    cases(
        wrap,
        "/paths/~1a/get/parameters/0",
        &[
            (
                "the words of a schema, at the first one's place",
                "{name: n, type: integer, in: query, format: int64, minimum: 1, maximum: 9, exclusiveMaximum: true, default: 5, enum: [5], required: true, description: D, x-a: 1, allowEmptyValue: true}",
                "{name: n, schema: {type: integer, format: int64, minimum: 1, maximum: 9, exclusiveMaximum: true, default: 5, enum: [5]}, in: query, required: true, description: D, x-a: 1, allowEmptyValue: true}",
                &[],
            ),
            (
                "a text with limits, and an example",
                "{name: n, in: header, type: string, pattern: p, minLength: 1, maxLength: 2, x-example: e, x-nullable: true}",
                "{name: n, in: header, schema: {type: string, pattern: p, minLength: 1, maxLength: 2, nullable: true}, example: e}",
                &[],
            ),
            (
                "a reference",
                "{$ref: '#/parameters/Page'}",
                "{$ref: '#/components/parameters/Page'}",
                &[],
            ),
            (
                "one with a schema of its own",
                "{name: n, in: query, schema: {type: array, items: {$ref: '#/definitions/A'}, title: S}, title: T}",
                "{name: n, in: query, schema: {type: array, items: {$ref: '#/components/schemas/A'}, title: T}, style: form, explode: false}",
                &["parameter_schema: #/paths/~1a/get/parameters/0/schema: "],
            ),
            (
                "a file in a query stays for the check, as bytes",
                "{name: n, in: query, type: file}",
                "{name: n, in: query, schema: {type: string, format: binary}}",
                &["file: #/paths/~1a/get/parameters/0: "],
            ),
            (
                "members that Swagger lacks",
                "{name: n, in: query, type: string, style: form, foo: 1, deprecated: true}",
                "{name: n, in: query, schema: {type: string}, foo: 1, deprecated: true}",
                &[
                    "unknown_member: #/paths/~1a/get/parameters/0/style: ",
                    "unknown_member: #/paths/~1a/get/parameters/0/foo: ",
                ],
            ),
            (
                "what is no parameter stays for the check",
                "text",
                "text",
                &[],
            ),
            (
                "a parameter with nothing",
                "{schema: 1}",
                "{schema: 1}",
                &["unknown_member: "],
            ),
        ],
    );
}

#[test]
fn collection_formats_become_style_and_explode() {
    for (place, format, written, reported) in [
        ("query", "", "style: form, explode: false", false),
        (
            "query",
            "collectionFormat: csv",
            "style: form, explode: false",
            false,
        ),
        (
            "query",
            "collectionFormat: multi",
            "style: form, explode: true",
            false,
        ),
        (
            "query",
            "collectionFormat: ssv",
            "style: spaceDelimited, explode: false",
            false,
        ),
        (
            "query",
            "collectionFormat: pipes",
            "style: pipeDelimited, explode: false",
            false,
        ),
        (
            "query",
            "collectionFormat: tsv",
            "style: form, explode: false",
            true,
        ),
        (
            "query",
            "collectionFormat: [1]",
            "style: form, explode: false",
            true,
        ),
        ("path", "", "", false),
        ("path", "collectionFormat: csv", "", false),
        ("path", "collectionFormat: multi", "", true),
        ("header", "collectionFormat: csv", "", false),
        ("header", "collectionFormat: pipes", "", true),
    ] {
        let old =
            format!("{{name: n, in: {place}, type: array, items: {{type: string}}, {format}}}");
        let new = format!(
            "{{name: n, in: {place}, schema: {{type: array, items: {{type: string}}}}, {written}}}"
        );
        let reported: &[&str] = match reported {
            true => {
                &["collection_format: #/parameters/P/collectionFormat: OpenAPI has no equivalent"]
            }
            false => &[],
        };
        let name = format!("{place} {format}");
        let shared = |value: &str| format!("parameters: {{P: {value}}}");
        cases(
            shared,
            "/components/parameters/P",
            &[(&name, &old, &new, reported)],
        );
    }
    cases(
        |value| format!("parameters: {{P: {value}}}"),
        "/components/parameters/P",
        &[
            (
                "a list in a list",
                "{name: n, in: query, type: array, items: {type: array, collectionFormat: ssv, items: {type: string}}}",
                "{name: n, in: query, schema: {type: array, items: {type: array, items: {type: string}}}, style: form, explode: false}",
                &["collection_format: #/parameters/P/items/collectionFormat: dropped \"ssv\""],
            ),
            (
                "no list",
                "{name: n, in: query, type: string, collectionFormat: multi}",
                "{name: n, in: query, schema: {type: string}}",
                &[
                    "collection_format: #/parameters/P/collectionFormat: dropped \"multi\", which applies only to lists",
                ],
            ),
        ],
    );
}

#[test]
fn an_operation_keeps_unchanged_members() {
    operations(&[
        (
            "all of it",
            "tags: [t], summary: S, description: D, externalDocs: {url: u}, deprecated: true, security: [], x-a: {schema: 1}, schemes: [http], parameters: [], callbacks: 1",
            "{tags: [t], summary: S, description: D, externalDocs: {url: u}, deprecated: true, security: [], x-a: {schema: 1}, parameters: [], callbacks: 1}",
            &["server: #/paths/~1a/post/schemes: PostA: dropped [\"http\"]"],
        ),
        (
            "parameters of the wrong kind stay for the check",
            "parameters: {a: {in: body}}, responses: text",
            "{parameters: {a: {in: body}}, responses: text}",
            &[],
        ),
        (
            "a reference in a ring, and one that leads nowhere, stay for the check",
            "parameters: [{$ref: '#/parameters/Ring'}, {$ref: '#/parameters/No'}, {$ref: x}]",
            "{parameters: [{$ref: '#/components/parameters/Ring'}, {$ref: '#/components/parameters/No'}, {$ref: x}]}",
            &[],
        ),
    ]);
}

#[test]
fn a_body_parameter_becomes_the_request_body() {
    operations(&[
        (
            "in each media type, before the answers",
            "consumes: [application/json, application/xml], parameters: [{name: b, in: body, description: D, required: true, x-a: 1, schema: {$ref: '#/definitions/B'}}, {name: q, in: query, type: string}], responses: {}",
            "{parameters: [{name: q, in: query, schema: {type: string}}],
              requestBody: {description: D, required: true, x-a: 1, content: {application/json: {schema: {$ref: '#/components/schemas/B'}}, application/xml: {schema: {$ref: '#/components/schemas/B'}}}}, responses: {}}",
            &[],
        ),
        (
            "JSON where no type is given",
            "parameters: [{name: b, in: body, schema: {type: file}}]",
            "{requestBody: {content: {application/json: {schema: {type: string, format: binary}}}}}",
            &[
                "file: #/paths/~1a/post/parameters/0/schema: PostA: ",
                "media_type: #/paths/~1a/post/parameters/0: PostA: `consumes` is missing: assuming application/json",
            ],
        ),
        (
            "a list of types that is none, and an item that is none",
            "consumes: json, produces: [1, text/csv], parameters: [{$ref: '#/parameters/Thing'}]",
            "{requestBody: {$ref: '#/components/requestBodies/Thing'}}",
            &[
                "media_type: #/paths/~1a/post/consumes: PostA: dropped `consumes`, which is not a list",
                "media_type: #/paths/~1a/post/produces/0: PostA: dropped 1, which is not a media type",
            ],
        ),
        (
            "a shared one stays shared in the document's types",
            "parameters: [{$ref: '#/parameters/Again'}]",
            "{requestBody: {$ref: '#/components/requestBodies/Again'}}",
            &[],
        ),
        (
            "and is written out in others",
            "consumes: [text/plain], parameters: [{$ref: '#/parameters/Again'}]",
            "{requestBody: {required: true, content: {text/plain: {schema: {type: object}}}}}",
            &[],
        ),
        (
            "one that is described like another parameter",
            "consumes: [text/plain], parameters: [{name: b, in: body, type: string, format: f}]",
            "{requestBody: {content: {text/plain: {schema: {type: string, format: f}}}}}",
            &["body: #/paths/~1a/post/parameters/0: PostA: moved type, format into a new schema"],
        ),
        (
            "one that is described twice, and one without any description",
            "consumes: [text/plain], parameters: [{name: b, in: body, type: string, schema: {}}, {in: body}]",
            "{requestBody: {content: {text/plain: {schema: {}}}}}",
            &[
                "body: #/paths/~1a/post/parameters/1: PostA: dropped: the operation already has a body",
                "body: #/paths/~1a/post/parameters/0: PostA: dropped type next to the schema of the body",
            ],
        ),
        (
            "a body beside a form",
            "consumes: [text/plain], parameters: [{name: f, in: formData, type: string}, {name: b, in: body}], requestBody: 1",
            "{requestBody: {content: {text/plain: {}}}}",
            &[
                "body: #/paths/~1a/post/parameters/0: PostA: dropped: an operation with a body cannot have form fields",
                "unknown_member: #/paths/~1a/post/requestBody: PostA: dropped: Swagger 2.0 does not",
            ],
        ),
    ]);
}

#[test]
fn form_fields_become_a_form_body() {
    operations(&[
        (
            "in their order, with what is said of them",
            "consumes: [application/x-www-form-urlencoded], parameters: [{name: b, in: formData, type: string, required: true, description: D, x-a: 1, x-example: e}, {name: a, in: formData, type: integer, required: false, default: 1, x-nullable: true}, {$ref: '#/parameters/Part'}]",
            "{requestBody: {required: true, content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {b: {type: string, description: D, x-a: 1, example: e}, a: {type: integer, default: 1, nullable: true}, part: {type: string}}, required: [b]}}}}}",
            &[],
        ),
        (
            "with a file, in parts",
            "consumes: [multipart/form-data], parameters: [{name: f, in: formData, type: file}]",
            "{requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {f: {type: string, format: binary}}}}}}}",
            &[],
        ),
        (
            "a file in what cannot carry it",
            "consumes: [application/x-www-form-urlencoded], parameters: [{name: f, in: formData, type: file}]",
            "{requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {f: {type: string, format: binary}}}}}}}",
            &[
                "form: #/paths/~1a/post: PostA: a file cannot be sent as application/x-www",
                "media_type: #/paths/~1a/post: PostA: no media type for forms: assuming multipart/form-data",
            ],
        ),
        (
            "without any type",
            "parameters: [{name: f, in: formData, type: string}]",
            "{requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {f: {type: string}}}}}}}",
            &["media_type: #/paths/~1a/post: PostA: no media type for forms: assuming application/x-www"],
        ),
        (
            "in both types, with lists",
            "consumes: [multipart/form-data, application/x-www-form-urlencoded], parameters: [{name: c, in: formData, type: array, items: {type: string}}, {name: m, in: formData, type: array, items: {type: string}, collectionFormat: multi}, {name: p, in: formData, type: array, items: {type: string}, collectionFormat: pipes}]",
            "{requestBody: {content: {
               multipart/form-data: {schema: {type: object, properties: {c: {type: array, items: {type: string}}, m: {type: array, items: {type: string}}, p: {type: array, items: {type: string}}}}},
               application/x-www-form-urlencoded: {schema: {type: object, properties: {c: {type: array, items: {type: string}}, m: {type: array, items: {type: string}}, p: {type: array, items: {type: string}}}},
                 encoding: {c: {style: form, explode: false}, p: {style: pipeDelimited, explode: false}}}}}}",
            &[
                "collection_format: #/paths/~1a/post: PostA: the list `c` is sent as one part per value",
                "collection_format: #/paths/~1a/post: PostA: the list `p` is sent as one part per value",
            ],
        ),
        (
            "one that is described in a schema",
            "consumes: [multipart/form-data], parameters: [{name: f, in: formData, schema: {type: file}}]",
            "{requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {f: {type: string, format: binary}}}}}}}",
            &["parameter_schema: #/paths/~1a/post/parameters/0: PostA: "],
        ),
        (
            "what cannot be said, or is said twice, or has no name",
            "consumes: [multipart/form-data], parameters: [{name: f, in: formData, type: string, allowEmptyValue: true}, {name: f, in: formData, type: integer}, {in: formData, type: string}]",
            "{parameters: [{in: formData, schema: {type: string}}], requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {f: {type: string}}}}}}}",
            &[
                "form: #/paths/~1a/post/parameters/0: PostA: dropped `allowEmptyValue: true`",
                "form: #/paths/~1a/post/parameters/1: PostA: dropped a second field `f`",
            ],
        ),
    ]);
}

#[test]
fn binary_bodies_without_a_schema_are_kept() {
    operations(&[
        (
            "an upload and a download",
            "consumes: [application/octet-stream], produces: [text/csv, application/zip], responses: {'200': {description: D}, '204': {description: D}, '400': {description: D}}",
            "{requestBody: {required: true, content: {application/octet-stream: {schema: {type: string, format: binary}}}},
              responses: {'200': {description: D, content: {text/csv: {schema: {type: string}}, application/zip: {schema: {type: string, format: binary}}}}, '204': {description: D}, '400': {description: D}}}",
            &[
                "undeclared_body: #/paths/~1a/post: PostA: no body parameter for application/octet-stream",
                "undeclared_body: #/paths/~1a/post/responses/200: PostA: no schema for text/csv, application/zip",
            ],
        ),
        (
            "a form without a field has no body, and JSON without a schema is nothing",
            "consumes: [multipart/form-data], produces: [application/json, text/csv], responses: {'200': {description: D}}",
            "{responses: {'200': {description: D}}}",
            &["undeclared_body: #/paths/~1a/post: PostA: no form field for multipart/form-data"],
        ),
    ]);
}

#[test]
fn the_body_of_a_path_moves_to_its_operations() {
    let (root, changes) = converted(swagger(
        "consumes: [text/plain], paths: {/a: {
            parameters: [{name: b, in: body, schema: {type: string}}, {name: q, in: query, type: string}],
            x-a: 1,
            put: {operationId: PutA, consumes: [text/csv]},
            post: {parameters: [{name: own, in: body, schema: {type: object}}]},
            patch: {operationId: PatchA, consumes: [multipart/form-data], parameters: [{name: f, in: formData, type: string}]}}}",
    ));
    let after = yaml(
        "{parameters: [{name: q, in: query, schema: {type: string}}], x-a: 1,
          put: {operationId: PutA, requestBody: {content: {text/csv: {schema: {type: string}}}}},
          post: {requestBody: {content: {text/plain: {schema: {type: object}}}}},
          patch: {operationId: PatchA, requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {f: {type: string}}}}}}}}",
    );
    let found = root.pointer("/paths/~1a").unwrap();
    assert_eq!(found.to_string(), after.to_string());
    let start = "body: #/paths/~1a/parameters/0: PatchA: the body of the path is dropped here";
    assert!(changes[0].starts_with(start), "{changes:#?}");
    assert!(
        changes[1].starts_with("body_name: #/paths: "),
        "{changes:#?}"
    );
    assert_eq!(changes.len(), 2);
}

#[test]
fn the_body_of_a_path_without_operations_is_reported() {
    let members = "paths: {/a: {parameters: [{name: b, in: body}], x-a: 1}}";
    let (root, changes) = converted(swagger(members));
    assert_eq!(root["paths"].to_string(), r#"{"/a":{"x-a":1}}"#);
    let start = "body: #/paths/~1a/parameters/0: dropped, because the path has no operations";
    assert!(changes[0].starts_with(start), "{changes:#?}");
}

#[test]
fn a_head_response_has_no_body() {
    let head = "{produces: [text/csv], responses: {'200': {description: D}}}";
    let (root, _) = converted(swagger(&format!("paths: {{/a: {{head: {head}}}}}")));
    let answer = root.pointer("/paths/~1a/head/responses/200").unwrap();
    assert_eq!(answer.to_string(), r#"{"description":"D"}"#);
}

#[test]
fn the_form_fields_of_a_path_move_to_its_operations_unless_overridden() {
    let (root, changes) = converted(swagger(
        "consumes: [multipart/form-data], paths: {/a: {
            parameters: [{name: f, in: formData, type: string}, {name: g, in: formData, type: string}],
            put: {parameters: [{name: g, in: formData, type: integer}]},
            post: {operationId: PostA, consumes: [text/plain], parameters: [{name: own, in: body}]}}}",
    ));
    let after = yaml(
        "{put: {requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {g: {type: integer}, f: {type: string}}}}}}},
          post: {operationId: PostA, requestBody: {content: {text/plain: {}}}}}",
    );
    let found = root.pointer("/paths/~1a").unwrap();
    assert_eq!(found.to_string(), after.to_string());
    let reported = [
        "body: #/paths/~1a/parameters/0: PostA: dropped: an operation with a body cannot have form fields",
        "body: #/paths/~1a/parameters/1: PostA: dropped: an operation with a body cannot have form fields",
        "body_name: #/paths",
    ];
    for (change, start) in changes.iter().zip(reported) {
        assert!(change.starts_with(start), "{changes:#?}");
    }
    assert_eq!(changes.len(), reported.len());
}

#[test]
fn responses_have_their_schema_in_each_media_type() {
    operations(&[
        (
            "with headers, an example and an extension",
            "produces: [application/json, text/csv], responses: {x-a: 1, '200': {description: D, examples: {text/csv: 'a,b'}, schema: {$ref: '#/definitions/A'}, x-b: 1,
               headers: {H: {description: E, type: array, items: {type: string}, collectionFormat: csv, x-c: 1}}}}",
            "{responses: {x-a: 1, '200': {description: D, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}, text/csv: {schema: {$ref: '#/components/schemas/A'}, example: 'a,b'}}, x-b: 1,
               headers: {H: {description: E, schema: {type: array, items: {type: string}}, x-c: 1}}}}}",
            &[],
        ),
        (
            "the document's where the operation gives none",
            "responses: {default: {description: D, schema: {type: string}}, '204': {description: D}, '404': {$ref: '#/responses/Bad'}, '500': text}",
            "{responses: {default: {description: D, content: {application/json: {schema: {type: string}}}}, '204': {description: D}, '404': {$ref: '#/components/responses/Bad'}, '500': text}}",
            &[],
        ),
        (
            "JSON where the operation takes the document's away",
            "produces: [], responses: {'200': {description: D, schema: {type: string}}}",
            "{responses: {'200': {description: D, content: {application/json: {schema: {type: string}}}}}}",
            &["media_type: #/paths/~1a/post/responses/200: PostA: `produces` is missing"],
        ),
        (
            "a file",
            "produces: [application/zip], responses: {'200': {description: D, schema: {type: file}}}",
            "{responses: {'200': {description: D, content: {application/zip: {schema: {type: string, format: binary}}}}}}",
            &[],
        ),
        (
            "a file as JSON",
            "responses: {'200': {description: D, schema: {type: file}}}",
            "{responses: {'200': {description: D, content: {application/json: {schema: {type: string, format: binary}}}}}}",
            &["file: #/paths/~1a/post/responses/200/schema: PostA: a file should not be JSON"],
        ),
        (
            "a file of no type",
            "produces: [], responses: {'200': {description: D, schema: {type: file}}}",
            "{responses: {'200': {description: D, content: {application/octet-stream: {schema: {type: string, format: binary}}}}}}",
            &[],
        ),
        (
            "examples that belong nowhere, and a member that Swagger lacks",
            "responses: {'200': {description: D, schema: {type: string}, examples: {text/csv: a}, content: 1, foo: 1}, '201': {description: D, examples: [a]}}",
            "{responses: {'200': {description: D, content: {application/json: {schema: {type: string}}}, foo: 1}, '201': {description: D}}}",
            &[
                "example: #/paths/~1a/post/responses/200/examples/text~1csv: PostA: dropped the example",
                "unknown_member: #/paths/~1a/post/responses/200/content: PostA: ",
                "unknown_member: #/paths/~1a/post/responses/200/foo: PostA: ",
                "example: #/paths/~1a/post/responses/201/examples: PostA: ",
            ],
        ),
        (
            "a shared error of a download",
            "produces: [text/csv], responses: {'200': {description: D, schema: {type: string}}, '400': {$ref: '#/responses/Bad'}, '404': {$ref: '#/responses/No'}}",
            "{responses: {'200': {description: D, content: {text/csv: {schema: {type: string}}}}, '400': {$ref: '#/components/responses/Bad'}, '404': {$ref: '#/components/responses/No'}}}",
            &["shared_response: #/paths/~1a/post/responses: PostA: the shared responses for 400 use"],
        ),
    ]);
}

#[test]
fn shared_parameters_responses_and_definitions_become_components() {
    let (root, changes) = converted(swagger(&post("responses: {}")));
    let after = yaml(
        "{parameters: {Page: {name: page, in: query, schema: {type: string}}, Ring: {$ref: '#/components/parameters/Ring'}},
          requestBodies: {Thing: {required: true, content: {application/json: {schema: {type: object}}}}, Again: {$ref: '#/components/requestBodies/Thing'}},
          responses: {Bad: {description: B, content: {application/json: {schema: {type: object}}}}}}",
    );
    assert_eq!(root["components"].to_string(), after.to_string());
    for (change, start) in changes.iter().zip(SHARED) {
        assert!(change.starts_with(start), "{changes:#?}");
    }
}

#[test]
fn members_without_effect_are_counted() {
    let operation = "{consumes: [a/b], produces: [application/json], parameters: [], responses: {'200': {description: D}}}";
    let body = "{consumes: [a/b], parameters: [{name: b, in: body}]}";
    let members =
        format!("paths: {{/a: {{get: {operation}, post: {body}}}, /b: {{get: {operation}}}}}");
    let (_, changes) = converted(swagger(&members));
    assert_eq!(
        changes,
        [
            "body_name: #/paths: names of body parameters are dropped, because they have no meaning (1 in total)",
            "media_type: #/paths: `consumes` of operations without a body is dropped (2 in total)",
            "media_type: #/paths: `produces` of operations whose responses have no schema is dropped (2 in total)",
        ]
    );
}

#[test]
fn swagger_is_generated_and_changes_are_reported() {
    let document = "{swagger: '2.0', info: {title: T, version: '1'}, host: h, basePath: /api, produces: [application/json],
        paths: {'/a/{b}': {get: {operationId: GetA, parameters: [{name: b, in: path, required: true, type: string}],
            responses: {'200': {description: D, schema: {$ref: '#/definitions/A'}}}}}},
        definitions: {A: {type: object, properties: {c: {type: string, required: true}}}}}";
    let generated = crate::generate_from_str("doc", document).unwrap();
    let types = &generated.files[std::path::Path::new("types.rs")];
    assert!(types.contains("pub c: "), "{types}");
    assert_eq!(
        generated.report,
        [
            "server: #/host: dropped \"h\": the user of the SDK configures the address of the manager",
            "required_flag: #/definitions/A/properties/c: moved `required: true` to the list of the object",
        ]
    );
}

#[test]
fn locations_are_json_pointers() {
    let root = super::Location::ROOT;
    let paths = root.member("paths");
    let path = paths.member("/a~b");
    let list = path.item(3);
    assert_eq!(list.pointer(), format!("{}/3", join("#/paths", "/a~b")));
}
