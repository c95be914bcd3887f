//! Invalid and unsupported documents: each gives an error with its location, and none panics.

use nsx_api_gen::{Error, generate_from_str};

/// A document with these paths and components, in JSON's flow style.
fn document(paths: &str, components: &str) -> String {
    format!(
        "openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths: {{{paths}}}\ncomponents: {{{components}}}\n"
    )
}

/// A document with one operation, `GET /a`.
fn operation(rest: &str) -> String {
    document(&format!("/a: {{get: {{operationId: GetA, {rest}}}}}"), "")
}

/// A document with one operation and these schemas.
fn schemas(schemas: &str) -> String {
    let get = "/a: {get: {operationId: GetA, responses: {'200': {description: OK}}}}";
    document(get, &format!("schemas: {{{schemas}}}"))
}

const OK: &str = "responses: {'200': {description: OK}}";

fn message(text: &str) -> String {
    message_of(text).unwrap_or_else(|| panic!("code was made of\n{text}"))
}

/// The message of the error; `None` if there is none.
fn message_of(text: &str) -> Option<String> {
    let error = generate_from_str("doc", text).err();
    error.map(|error| error.to_string())
}

#[test]
fn every_invalid_document_gives_an_error_with_its_location() {
    let json = |schema: &str| {
        format!("{{description: D, content: {{application/json: {{schema: {schema}}}}}}}")
    };
    let cases = [
        ("not YAML", "openapi: [".to_owned(), "doc:1:"),
        ("no JSON", "{\"openapi\": }".to_owned(), "doc:1:13: "),
        (
            "a key twice",
            "openapi: 3.0.3\ninfo: {}\ninfo: {}".to_owned(),
            "doc:3:1: ",
        ),
        ("an empty text", String::new(), "doc: #: "),
        ("a list", "- openapi".to_owned(), "doc: #: "),
        (
            "an older Swagger",
            "swagger: '1.2'\npaths: {}".to_owned(),
            "doc: #/swagger: Swagger \"1.2\" is not supported",
        ),
        (
            "Swagger 2.0 without paths",
            "swagger: '2.0'\ninfo: {title: T, version: '1'}".to_owned(),
            "doc: #: `paths`",
        ),
        (
            "x-idempotent as a text",
            operation(&format!("x-idempotent: 'true', {OK}")),
            "doc: #/paths/~1a/get/x-idempotent: GetA: `x-idempotent` must be true or false",
        ),
        (
            "x-idempotent of a path",
            document(
                &format!("/a: {{x-idempotent: false, get: {{operationId: GetA, {OK}}}}}"),
                "",
            ),
            "doc: #/paths/~1a/x-idempotent: this extension belongs to an operation",
        ),
        (
            "OpenAPI 3.2",
            "openapi: 3.2.0\npaths: {}".to_owned(),
            "doc: #/openapi: OpenAPI 3.2.0",
        ),
        (
            "no paths",
            "openapi: 3.0.3\ninfo: {title: T, version: '1'}".to_owned(),
            "doc: #: `paths`",
        ),
        (
            "no operation",
            document("", ""),
            "doc: #/paths: the document has no operations",
        ),
        (
            "a path without a slash",
            document("a: {get: {operationId: GetA}}", ""),
            "doc: #/paths/a: ",
        ),
        (
            "a path item that is a reference",
            document("/a: {$ref: '#/x'}", ""),
            "doc: #/paths/~1a: ",
        ),
        (
            "a path item that is text",
            document("/a: text", ""),
            "doc: #/paths/~1a: ",
        ),
        (
            "an operation that is text",
            document("/a: {get: text}", ""),
            "doc: #/paths/~1a/get: ",
        ),
        (
            "no responses",
            operation("responses: {}"),
            "doc: #/paths/~1a/get/responses: GetA: ",
        ),
        (
            "a status that is none",
            operation("responses: {'2000': {description: D}}"),
            "doc: #/paths/~1a/get/responses/2000: GetA: `2000`",
        ),
        (
            "a dangling $ref",
            operation(&format!(
                "responses: {{'200': {}}}",
                json("{$ref: '#/components/schemas/No'}")
            )),
            "doc: #/paths/~1a/get/responses/200/content/application~1json/schema: GetA: the target `#/components/schemas/No` does not exist",
        ),
        (
            "a $ref to another file",
            operation("responses: {'200': {$ref: 'other.yaml#/a'}}"),
            "doc: #/paths/~1a/get/responses/200: GetA: `other.yaml#/a` points to another file",
        ),
        (
            "a $ref to the wrong section",
            operation("responses: {'200': {$ref: '#/components/parameters/A'}}"),
            "doc: #/paths/~1a/get/responses/200: GetA: `#/components/parameters/A` must point to #/components/responses/",
        ),
        (
            "a $ref to itself",
            schemas("A: {$ref: '#/components/schemas/A'}"),
            "doc: #/components/schemas/A: `#/components/schemas/A` points to a reference that is circular",
        ),
        (
            "a $ref that is no text",
            schemas("A: {$ref: 1}"),
            "doc: #/components/schemas/A: `$ref` must be a string",
        ),
        (
            "a cyclic allOf",
            schemas(
                "A: {allOf: [{$ref: '#/components/schemas/B'}]}, B: {allOf: [{$ref: '#/components/schemas/A'}]}",
            ),
            "doc: #/components/schemas/A: the schema contains itself: A → B → A",
        ),
        (
            "a cyclic oneOf",
            schemas("A: {oneOf: [{$ref: '#/components/schemas/A'}]}"),
            "doc: #/components/schemas/A: the schema contains itself: A → A",
        ),
        (
            "a type that is none",
            schemas("A: {type: strin}"),
            "doc: #/components/schemas/A/type: `strin`",
        ),
        (
            "a list of types",
            schemas("A: {type: [string, 'null']}"),
            "doc: #/components/schemas/A/type: `type` must be a single string",
        ),
        (
            "a schema that is text",
            schemas("A: text"),
            "doc: #/components/schemas/A: a schema must be an object",
        ),
        (
            "properties that are a list",
            schemas("A: {type: object, properties: [a]}"),
            "doc: #/components/schemas/A/properties: ",
        ),
        (
            "braces that do not match",
            document(
                &format!("'/a/{{b': {{get: {{operationId: GetA, {OK}}}}}"),
                "",
            ),
            "doc: #/paths/~1a~1{b: GetA: unbalanced braces",
        ),
        (
            "a parameter without a schema",
            operation(&format!("parameters: [{{name: b, in: query}}], {OK}")),
            "doc: #/paths/~1a/get/parameters/0: GetA: the parameter `b` must have",
        ),
        (
            "a parameter without a name",
            operation(&format!("parameters: [{{in: query}}], {OK}")),
            "doc: #/paths/~1a/get/parameters/0: GetA: ",
        ),
        (
            "cookie parameters",
            operation(&format!(
                "parameters: [{{name: b, in: cookie, required: true, schema: {{type: string}}}}], {OK}"
            )),
            "doc: #/paths/~1a/get/parameters/0: GetA: the parameter `b`: cookie parameters",
        ),
        (
            "an object in a query",
            operation(&format!(
                "parameters: [{{name: b, in: query, required: true, schema: {{type: object}}}}], {OK}"
            )),
            "doc: #/paths/~1a/get/parameters/0: GetA: the parameter `b`: object",
        ),
        (
            "another style",
            operation(&format!(
                "parameters: [{{name: b, in: query, style: deepObject, required: true, schema: {{type: string}}}}], {OK}"
            )),
            "doc: #/paths/~1a/get/parameters/0: GetA: the parameter `b`: string as a query parameter with style",
        ),
        (
            "a multipart body",
            operation(&format!(
                "requestBody: {{content: {{multipart/form-data: {{schema: {{type: object}}}}}}}}, {OK}"
            )),
            "doc: #/paths/~1a/get/requestBody: GetA: a multipart/form-data body",
        ),
        (
            "a body without content",
            operation(&format!("requestBody: {{content: {{}}}}, {OK}")),
            "doc: #/paths/~1a/get/requestBody: GetA: ",
        ),
        (
            "a server with variables",
            format!(
                "{}servers: [{{url: 'https://{{host}}/api'}}]\n",
                operation(OK)
            ),
            "doc: #/servers/0/url: ",
        ),
        (
            "a server that could change the host",
            format!("{}servers: [{{url: '@evil/v1'}}]\n", operation(OK)),
            "doc: #/servers/0/url: the path of a server URL must start with `/`",
        ),
        (
            "a server that steps up",
            format!(
                "{}servers: [{{url: 'https://host/a/../b'}}]\n",
                operation(OK)
            ),
            "doc: #/servers/0/url: the path of a server URL must not contain special characters or empty segments",
        ),
        (
            "a server with a path of two slashes",
            format!("{}servers: [{{url: '//host/a'}}]\n", operation(OK)),
            "doc: #/servers/0/url: ",
        ),
        (
            "a server of another scheme",
            format!("{}servers: [{{url: 'ftp://host/a'}}]\n", operation(OK)),
            "doc: #/servers/0/url: ",
        ),
        (
            "servers that are no list",
            format!("{}servers: {{url: /a}}\n", operation(OK)),
            "doc: #/servers: `servers` must be a list",
        ),
        (
            "a misspelt member of an operation",
            operation(&format!("requestbody: {{}}, {OK}")),
            "doc: #/paths/~1a/get/requestbody: GetA: OpenAPI does not define `requestbody`",
        ),
        (
            "a method in upper case",
            document(&format!("/a: {{GET: {{operationId: GetA, {OK}}}}}"), ""),
            "doc: #/paths/~1a/GET: OpenAPI does not define `GET`",
        ),
        (
            "parameters that are no list",
            operation(&format!("parameters: {{a: {{name: a}}}}, {OK}")),
            "doc: #/paths/~1a/get/parameters: GetA: `parameters` must be a list",
        ),
        (
            "a response that is text",
            operation("responses: {'200': OK}"),
            "doc: #/paths/~1a/get/responses/200: GetA: this must be an object",
        ),
        (
            "content that is a list",
            operation("responses: {'200': {description: D, content: [a]}}"),
            "doc: #/paths/~1a/get/responses/200/content: GetA: ",
        ),
        (
            "a flag that is text",
            operation(&format!(
                "requestBody: {{required: 'true', content: {{text/plain: {{}}}}}}, {OK}"
            )),
            "doc: #/paths/~1a/get/requestBody/required: GetA: ",
        ),
        (
            "components that are a list",
            document(&format!("/a: {{get: {{operationId: GetA, {OK}}}}}"), "")
                .replace("components: {}", "components: [a]"),
            "doc: #/components: ",
        ),
        (
            "a parameter without a letter",
            operation(&format!(
                "parameters: [{{name: '①', in: query, schema: {{type: string}}}}], {OK}"
            )),
            "doc: #/paths/~1a/get/parameters/0: GetA: `①` contains no letter or digit",
        ),
        (
            "a path parameter of any type",
            document(
                &format!(
                    "'/a/{{b}}': {{get: {{operationId: GetA, parameters: [{{name: b, in: path, required: true, schema: {{anyOf: [{{type: object}}]}}}}], {OK}}}}}"
                ),
                "",
            ),
            "doc: #/paths/~1a~1{b}/get/parameters/0: GetA: the parameter `b`: a schema without a type",
        ),
        (
            "a fault in a component response",
            document(
                &format!("/a: {{get: {{operationId: GetA, {OK}}}}}"),
                "responses: {R: {description: D, content: {application/json: {schema: {type: aray}}}}}",
            ),
            "doc: #/components/responses/R/content/application~1json/schema/type: `aray`",
        ),
        (
            "a fault in a path item's parameter",
            document(
                &format!(
                    "/a: {{parameters: [{{name: q, in: query, schema: {{type: strin}}}}], get: {{operationId: GetA, {OK}}}}}"
                ),
                "",
            ),
            "doc: #/paths/~1a/parameters/0/schema/type: the parameter `q`: `strin`",
        ),
        (
            "a schema without a name",
            schemas("'': {type: object}"),
            "doc: #/components/schemas/: the name contains no letter or digit",
        ),
        (
            "a $ref without a name",
            schemas("A: {$ref: '#/components/schemas/'}, '': {type: object}"),
            "doc: #/components/schemas/A: ",
        ),
        (
            "a union whose discriminator cannot distinguish the variants",
            schemas("A: {oneOf: [{type: string}], discriminator: {propertyName: t}}"),
            "doc: #/components/schemas/A/discriminator: the variants cannot be distinguished: ",
        ),
        (
            "properties next to an inline union",
            schemas(
                "V: {properties: {t: {type: string}}}, A: {properties: {a: {properties: {x: {type: string}}, oneOf: [{$ref: '#/components/schemas/V'}], \
                 discriminator: {propertyName: t}}}}",
            ),
            "doc: #/components/schemas/A/properties/a/properties: properties next to an inline `oneOf` are not supported",
        ),
        (
            "a dangling default response",
            operation(
                "responses: {'200': {description: D}, default: {$ref: '#/components/responses/No'}}",
            ),
            "doc: #/paths/~1a/get/responses/default: GetA: the target `#/components/responses/No` does not exist",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, text, start) in cases {
        let message = message_of(&text).unwrap_or_else(|| "no error".to_owned());
        if !message.lines().any(|line| line.starts_with(start)) {
            wrong.push(format!(
                "{name}: expected a line that starts with\n  {start}\nin\n{message}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = document(
        "/a: {get: {responses: {}}, put: {operationId: PutA, parameters: [{in: query}], responses: {'200': {$ref: '#/no'}}}}",
        "schemas: {A: {type: strin}, B: {required: b}}",
    );
    let Err(Error::Document { faults, .. }) = generate_from_str("doc", &text) else {
        panic!("the document has faults");
    };
    let places: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    for place in [
        "#/paths/~1a/get/responses",
        "#/paths/~1a/put/parameters/0",
        "#/paths/~1a/put/responses/200",
        "#/components/schemas/A/type",
        "#/components/schemas/B/required",
    ] {
        assert!(places.contains(&place), "{place} is not among {places:?}");
    }
    let put = faults
        .iter()
        .find(|fault| fault.pointer.ends_with("/parameters/0"));
    assert_eq!(
        put.and_then(|fault| fault.operation.as_deref()),
        Some("PutA")
    );
}

#[test]
fn an_unreadable_file_is_named_in_the_error() {
    let error = nsx_api_gen::generate("no/such/file.yaml".as_ref()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    assert!(error.to_string().contains("file.yaml"), "{error}");
}

#[test]
fn unused_openapi_members_and_extensions_are_ignored() {
    let document = document(
        "x-vendor: {get: text}, /a: {x-vendor: 1, get: {operationId: GetA, x-vendor: {schema: text}, externalDocs: {url: u}, security: [], \
         responses: {x-vendor: 1, default: {description: D, content: {application/vnd.x+json: {schema: {type: string, enum: [on, off, null], nullable: true}}}}}}}",
        "x-vendor: text, headers: {H: {schema: {type: string}}}, links: {L: {operationId: GetA}}, examples: {E: {value: {$ref: '#/foo'}}}, \
         responses: {R: {description: D, headers: {items: {$ref: '#/components/headers/H'}}, links: {parameters: {$ref: '#/components/links/L'}}}}",
    );
    let files = generate_from_str("doc", &document)
        .unwrap_or_else(|error| panic!("{error}"))
        .files;
    let builder = &files[std::path::Path::new("builder/untagged.rs")];
    assert!(
        builder.contains("Response<Option<types::GetAResponse>>"),
        "{builder}"
    );
    let types = &files[std::path::Path::new("types.rs")];
    for row in ["(\"on\", Self::On)", "(\"off\", Self::Off)"] {
        assert!(types.contains(row), "{types}");
    }
}

/// A document that is truncated before a line, or from which the line is missing, gives code or an
/// error, but never a panic. The first line is the fifth, then every `step`th.
fn generate_damaged(step: usize) {
    let spec = include_str!("golden/golden.yaml");
    let lines: Vec<&str> = spec.lines().collect();
    for skip in (4..lines.len()).step_by(step) {
        let kept = lines.iter().enumerate().filter(|(index, _)| *index != skip);
        let text: Vec<&str> = kept.map(|(_, line)| *line).collect();
        for text in [text.join("\n"), lines[..skip].join("\n")] {
            let _ = generate_from_str("doc", &text).map_err(|error| {
                let message = error.to_string();
                assert!(
                    !message.is_empty() && !message.contains("panicked"),
                    "{message}"
                );
            });
        }
    }
}

#[test]
fn a_document_that_is_damaged_in_a_few_places_never_panics() {
    generate_damaged(7 * 17);
}

#[test]
#[ignore = "slow: generates hundreds of documents in a debug build"]
fn a_document_that_is_damaged_anywhere_never_panics() {
    generate_damaged(7);
}

/// progenitor stops at the first fault. Here it reads `items: true` and a number as a description,
/// which the checks before it do not look for.
#[test]
fn every_schema_and_operation_that_progenitor_rejects_is_reported() {
    let list = "{type: array, items: true}";
    let good = "Good: {type: object, properties: {a: {type: string}}}";
    let bad = format!("Bad: {list}");
    let holder = "Holder: {type: object, properties: {b: {$ref: '#/components/schemas/Bad'}}}";
    let worse = "'~/Worse': {type: object, properties: {b: {$ref: '#/components/schemas/Holder'}, c: {type: array, items: true}}}";
    let cycle = "One: {type: object, properties: {b: {$ref: '#/components/schemas/Two'}}}, Two: {type: object, properties: {a: {type: array, items: true}, b: {$ref: '#/components/schemas/One'}}}";
    let post = |name: &str, schema: &str| {
        let body = format!("requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}");
        format!("/{name}: {{post: {{operationId: Post{name}, {body}, {OK}}}}}")
    };
    let posts = |broken: &[&str]| {
        let posts = ["A", "B", "C", "D", "E"].map(|name| match broken.contains(&name) {
            true => post(name, "{type: array, items: true}"),
            false => post(name, "{$ref: '#/components/schemas/Good'}"),
        });
        document(&posts.join(", "), &format!("schemas: {{{good}}}"))
    };
    // A schema is not reported for the fault of another one that it refers to.
    let cases: [(String, &[&str]); 6] = [
        (schemas(&bad), &["#/components/schemas/Bad: "]),
        (
            schemas(&format!("{good}, {holder}, {bad}")),
            &["#/components/schemas/Bad: "],
        ),
        (
            schemas(&format!("{holder}, {worse}, {bad}, Other: {list}")),
            &["#/components/schemas/Bad: ", "#/components/schemas/Other: "],
        ),
        (
            schemas(cycle),
            &["#/components/schemas/One: ", "#/components/schemas/Two: "],
        ),
        (posts(&["C"]), &["#/paths/~1C/post: PostC: "]),
        (
            posts(&["A", "D"]),
            &["#/paths/~1A/post: PostA: ", "#/paths/~1D/post: PostD: "],
        ),
    ];
    for (text, expected) in cases {
        let message = message(&text);
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{message}");
        for (line, start) in lines.iter().zip(expected) {
            assert!(line.starts_with(&format!("doc: {start}")), "{message}");
        }
    }
}
