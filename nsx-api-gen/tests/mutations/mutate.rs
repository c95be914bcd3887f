//! Random changes of a document.

use serde_json::{Map, Value, json};

/// A small generator of random numbers, the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap() % end
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Changes one thing, and says what. `None` if the document has nothing of the chosen kind.
pub(crate) fn mutate(root: &mut Value, random: &mut Random) -> Option<String> {
    let kinds = [
        schema, schema, schema, schema, property, property, parameter, operation, union, values,
        response, component,
    ];
    random.pick(&kinds)(root, random)
}

type Pointers = Vec<String>;

/// The pointers of all objects for which a function is true.
fn find(node: &Value, at: &str, is_it: &dyn Fn(&str, &Value) -> bool, found: &mut Pointers) {
    if is_it(at, node) {
        found.push(at.to_owned());
    }
    let key = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match node {
        Value::Object(map) => {
            for (name, inner) in map {
                find(inner, &format!("{at}/{}", key(name)), is_it, found);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                find(inner, &format!("{at}/{index}"), is_it, found);
            }
        }
        _ => {}
    }
}

fn pick_node<'a>(
    root: &'a mut Value,
    random: &mut Random,
    is_it: impl Fn(&str, &Value) -> bool,
) -> Option<(String, &'a mut Value)> {
    let mut found = Pointers::new();
    find(root, "", &is_it, &mut found);
    if found.is_empty() {
        return None;
    }
    let pointer = random.pick(&found).clone();
    let node = root.pointer_mut(&pointer)?;
    Some((pointer, node))
}

fn is_schema(_: &str, node: &Value) -> bool {
    let keys = ["type", "$ref", "allOf", "oneOf"];
    let is_parameter = node.get("in").is_some() || node.get("scheme").is_some();
    node.is_object()
        && !is_parameter
        && keys.iter().any(|key| {
            node.get(key)
                .is_some_and(|it| it.is_string() || it.is_array())
        })
}

fn simple(random: &mut Random) -> Value {
    random
        .pick(&[
            json!({"type": "string"}),
            json!({"type": "integer"}),
            json!({"type": "integer", "format": "int32"}),
            json!({"type": "number"}),
            json!({"type": "boolean"}),
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            json!({"type": "object", "additionalProperties": {"type": "integer"}}),
            json!({"type": "string", "enum": ["a", "B_C"]}),
            json!({"type": "string", "format": "password"}),
            json!({"$ref": "#/components/schemas/Geo"}),
            json!({"$ref": "#/components/schemas/Kind"}),
            json!({"$ref": "#/components/schemas/Tree"}),
            json!({"allOf": [{"$ref": "#/components/schemas/Geo"}, {"$ref": "#/components/schemas/Place"}]}),
        ])
        .clone()
}

/// Changes a schema itself.
fn schema(root: &mut Value, random: &mut Random) -> Option<String> {
    let what = random.below(6);
    let (pointer, node) = pick_node(root, random, is_schema)?;
    let keys = match what {
        0 => {
            *node = simple(random);
            return Some(format!("{pointer} becomes {node}"));
        }
        1 => vec![
            ("nullable", json!(true)),
            ("readOnly", json!(true)),
            ("writeOnly", json!(true)),
            ("deprecated", json!(true)),
        ],
        2 => vec![
            ("format", json!("uuid")),
            ("format", json!("int32")),
            ("format", json!("date-time")),
            ("pattern", json!("^x")),
            ("default", json!("x")),
        ],
        3 => vec![
            ("minimum", json!(7)),
            ("maximum", json!(70)),
            ("maxLength", json!(7)),
            ("minItems", json!(1)),
        ],
        4 => vec![
            ("additionalProperties", json!({"type": "integer"})),
            ("additionalProperties", json!(false)),
            ("enum", json!(["x", "Y"])),
            ("enum", json!([1, 7])),
        ],
        _ => {
            let inner = node.clone();
            *node = json!({"allOf": [inner]});
            return Some(format!("{pointer} is wrapped into allOf"));
        }
    };
    let (key, value) = random.pick(&keys).clone();
    let map = node.as_object_mut()?;
    match map.remove(key) {
        Some(_) => Some(format!("{pointer} loses {key}")),
        None => {
            map.insert(key.to_owned(), value);
            Some(format!("{pointer} gets {key}"))
        }
    }
}

/// Changes which properties an object has.
fn property(root: &mut Value, random: &mut Random) -> Option<String> {
    let what = random.below(7);
    let (pointer, node) = pick_node(root, random, |_, node| {
        node.get("properties").is_some_and(Value::is_object)
    })?;
    let names: Vec<String> = node["properties"].as_object()?.keys().cloned().collect();
    if names.is_empty() {
        return None;
    }
    let name = random.pick(&names).clone();
    let properties = node["properties"].as_object_mut()?;
    let done = match what {
        0 => {
            properties.remove(&name);
            "is removed"
        }
        1 => {
            let new = random.pick(&["added", "display_name", "Id", "self", "a-b"]);
            properties.insert((*new).to_owned(), simple(random));
            return Some(format!("{pointer} gets the property {new}"));
        }
        2 => {
            let schema = properties.remove(&name)?;
            let new = random.pick(&["renamed", "displayName", "type"]);
            properties.insert((*new).to_owned(), schema);
            "is renamed"
        }
        3 => {
            let other = random.pick(&names).clone();
            let (one, two) = (properties[&name].clone(), properties[&other].clone());
            properties.insert(name.clone(), two);
            properties.insert(other, one);
            "is exchanged with another one"
        }
        4 => {
            let mut reversed = Map::new();
            for (name, schema) in properties.iter().rev() {
                reversed.insert(name.clone(), schema.clone());
            }
            *properties = reversed;
            "is in another place"
        }
        _ => {
            let required = &mut node["required"];
            if !required.is_array() {
                *required = json!([]);
            }
            let required = required.as_array_mut()?;
            match required.iter().position(|one| *one == json!(name)) {
                Some(index) => {
                    required.remove(index);
                }
                None => required.push(json!(name)),
            }
            if required.is_empty() {
                node.as_object_mut()?.remove("required");
            }
            "is required or not"
        }
    };
    Some(format!("{pointer}: the property {name} {done}"))
}

fn parameter(root: &mut Value, random: &mut Random) -> Option<String> {
    let what = random.below(8);
    let (pointer, list) = pick_node(root, random, |at, node| {
        at.ends_with("/parameters") && node.is_array()
    })?;
    let list = list.as_array_mut()?;
    let index = random.below(list.len().max(1));
    let done = match what {
        0 => {
            list.remove(index);
            "removed"
        }
        1 => {
            let required = random.below(2) == 0;
            let place = random.pick(&["query", "header"]);
            list.push(json!({"name": "added", "in": place, "required": required, "schema": simple(random)}));
            "added"
        }
        2 => {
            list[index]["name"] = json!("X-Renamed");
            "renamed"
        }
        3 => {
            let required = list[index]["required"] == json!(true);
            list[index]["required"] = json!(!required);
            "required or not"
        }
        4 => {
            list[index]["in"] = json!(*random.pick(&["query", "header"]));
            "moved"
        }
        5 => {
            list.reverse();
            "reversed"
        }
        6 => {
            list[index]["explode"] = json!(random.below(2) == 0);
            "exploded or not"
        }
        _ => {
            list[index]["deprecated"] = json!(true);
            "deprecated"
        }
    };
    Some(format!("{pointer}/{index} {done}"))
}

fn is_operation(at: &str, node: &Value) -> bool {
    at.starts_with("/paths/") && node.get("operationId").is_some()
}

fn operation(root: &mut Value, random: &mut Random) -> Option<String> {
    let what = random.below(12);
    let mut all = Pointers::new();
    find(root, "", &is_operation, &mut all);
    let (pointer, other) = (random.pick(&all).clone(), random.pick(&all).clone());
    let id = |root: &Value, at: &str| root.pointer(at).unwrap()["operationId"].clone();
    let (path, method) = pointer.rsplit_once('/')?;
    match what {
        0 => {
            root.pointer_mut(path)?.as_object_mut()?.remove(method);
            return Some(format!("{pointer} is removed"));
        }
        1 => {
            let ids = (id(root, &pointer), id(root, &other));
            root.pointer_mut(&pointer)?["operationId"] = ids.1;
            root.pointer_mut(&other)?["operationId"] = ids.0;
            return Some(format!("{pointer} and {other} exchange their ids"));
        }
        2 => {
            let mut copy = root.pointer(&pointer)?.clone();
            copy["operationId"] = json!("AddedOperation");
            copy.as_object_mut()?.remove("parameters");
            root["paths"]["/added"] = json!({ "post": copy });
            return Some(format!("a copy of {pointer} is added"));
        }
        3 => {
            let schema = simple(random);
            root["paths"]["/added"] = json!({"post": {"operationId": "AddedOperation",
                "requestBody": {"content": {"application/json": {"schema": schema}}},
                "responses": {"200": {"description": "OK"}}}});
            return Some(format!("an operation with {schema} is added"));
        }
        4 => {
            let item = root.pointer_mut(path)?.as_object_mut()?;
            let node = item.remove(method)?;
            let new = random.pick(&["patch", "get", "put"]);
            item.insert((*new).to_owned(), node);
            return Some(format!("{pointer} becomes {new}"));
        }
        5 => {
            let items = root["paths"].as_object_mut()?;
            let key = path
                .rsplit('/')
                .next()?
                .replace("~1", "/")
                .replace("~0", "~");
            let item = items.remove(&key)?;
            items.insert(format!("/moved{key}"), item);
            return Some(format!("{path} moves"));
        }
        6 => {
            root["servers"] = json!([{"url": random.pick(&["/api/v2", "https://manager/api/v1"])}]);
            return Some("other servers".to_owned());
        }
        _ => {}
    }
    let node = root.pointer_mut(&pointer)?;
    let (key, value) = match what {
        7 => (
            "operationId",
            json!(*random.pick(&["Renamed", "list-nodes", "ReadTree"])),
        ),
        8 => ("tags", json!(["Others"])),
        9 => ("x-idempotent", json!(random.below(2) == 0)),
        10 => (
            "security",
            random
                .pick(&[
                    json!([]),
                    json!([{"session": []}]),
                    json!([{"basic": []}, {"session": []}]),
                ])
                .clone(),
        ),
        _ => (
            *random.pick(&["deprecated", "x-required-privileges"]),
            json!(["network_admin"]),
        ),
    };
    node[key] = match key {
        "deprecated" => json!(node.get(key).is_none()),
        _ => value,
    };
    Some(format!("{pointer}: another {key}"))
}

/// Changes a union and its discriminator.
fn union(root: &mut Value, random: &mut Random) -> Option<String> {
    let what = random.below(9);
    let (pointer, node) = pick_node(root, random, |_, node| node.get("oneOf").is_some())?;
    let has_discriminator = node.get("discriminator").is_some();
    let target = |name: &str| json!(format!("#/components/schemas/{name}"));
    let done = match what {
        0 if has_discriminator => {
            node.as_object_mut()?.remove("discriminator");
            "loses its discriminator"
        }
        1 if has_discriminator => {
            node["discriminator"]["propertyName"] = json!("sort");
            "has another discriminator"
        }
        2 if has_discriminator => {
            let mapping = node["discriminator"]["mapping"].as_object_mut()?;
            let value = mapping.remove("allow")?;
            mapping.insert("permit".to_owned(), value);
            "has another value"
        }
        3 if has_discriminator => {
            node["discriminator"]["mapping"] =
                json!({"allow": target("Deny"), "deny": target("Allow")});
            "exchanges its values"
        }
        4 if has_discriminator => {
            let first = random.below(2) == 0;
            let mapping = node["discriminator"]["mapping"].as_object_mut()?;
            let name = if first { "accept" } else { "zap" };
            let mut all = Map::new();
            if first {
                all.insert(name.to_owned(), target("Allow"));
            }
            all.append(mapping);
            all.insert(name.to_owned(), target("Allow"));
            *mapping = all;
            "has a second value"
        }
        5 => {
            node["oneOf"].as_array_mut()?.pop();
            "loses a variant"
        }
        6 => {
            node["oneOf"].as_array_mut()?.reverse();
            "is reversed"
        }
        _ => {
            let variant = match has_discriminator {
                true => json!({"$ref": "#/components/schemas/Place"}),
                false => simple(random),
            };
            node["oneOf"].as_array_mut()?.push(variant);
            "gets a variant"
        }
    };
    Some(format!("{pointer} {done}"))
}

/// Changes the values of an enum.
fn values(root: &mut Value, random: &mut Random) -> Option<String> {
    let what = random.below(5);
    let (pointer, node) = pick_node(root, random, |_, node| {
        node.get("enum").is_some_and(|list| list[0].is_string())
    })?;
    let list = node["enum"].as_array_mut()?;
    let index = random.below(list.len());
    let done = match what {
        0 if list.len() > 1 => {
            list.remove(index);
            "loses a value"
        }
        1 => {
            list.reverse();
            "is reversed"
        }
        2 => {
            list[index] = json!("renamed");
            "has another value"
        }
        _ => {
            let text = list[index].as_str()?;
            let new = match random.below(5) {
                0 => "Unrecognized".to_owned(),
                1 => text.to_lowercase().replace('_', "-"),
                2 => text.to_uppercase(),
                3 => format!("{text}2"),
                _ => "added".to_owned(),
            };
            if list.contains(&json!(new)) {
                return None;
            }
            list.insert(random.below(index + 2), json!(new));
            "gets a value"
        }
    };
    Some(format!("{pointer} {done}: {}", node["enum"]))
}

fn response(root: &mut Value, random: &mut Random) -> Option<String> {
    let what = random.below(7);
    let (pointer, node) = pick_node(root, random, |at, _| {
        at.ends_with("/responses") && at.starts_with("/paths")
    })?;
    let map = node.as_object_mut()?;
    let first = map.keys().next()?.clone();
    let schema = simple(random);
    let done = match what {
        0 => {
            map.insert("500".to_owned(), json!({"description": "Failure"}));
            "get an error"
        }
        1 => {
            map.insert("202".to_owned(), json!({"description": "Accepted"}));
            "get a success"
        }
        2 => {
            map.remove(&first);
            map.insert("204".to_owned(), json!({"description": "Done"}));
            "lose the first one"
        }
        3 => {
            map[&first]["content"] = json!({"application/json": {"schema": schema}});
            "have another body"
        }
        4 => {
            map[&first]["content"] = json!({"text/csv": {"schema": {"type": "string"}}});
            "have another media type"
        }
        5 => {
            map[&first]["headers"] = json!({"X-Added": {"schema": {"type": "string"}}});
            "have another header"
        }
        _ => {
            map.insert(
                "404".to_owned(),
                json!({"description": "None", "content": {"application/json": {"schema": schema}}}),
            );
            "have another error"
        }
    };
    Some(format!("{pointer} {done}"))
}

fn component(root: &mut Value, random: &mut Random) -> Option<String> {
    let what = random.below(4);
    let schemas = root["components"]["schemas"].as_object_mut()?;
    let names: Vec<String> = schemas.keys().cloned().collect();
    let name = random.pick(&names).clone();
    match what {
        0 => {
            let new = random.pick(&[
                "NodeRole",
                "ResourceState",
                "Added",
                "PutRulesBody",
                "ListNodesSort",
            ]);
            let schema = simple(random);
            schemas.insert((*new).to_owned(), schema);
            Some(format!("the component {new} is added"))
        }
        1 => {
            let text = root.to_string();
            let new = random.pick(&["Renamed", "NodeOwner"]);
            let text = text
                .replace(&format!("schemas/{name}\""), &format!("schemas/{new}\""))
                .replace(&format!("\"{name}\":{{"), &format!("\"{new}\":{{"));
            *root = serde_json::from_str(&text).unwrap();
            Some(format!("{name} is renamed to {new}"))
        }
        2 => {
            // An inline schema becomes a component.
            let (pointer, node) = pick_node(root, random, |at, node| {
                at.contains("/properties/") && node.get("enum").is_some()
            })?;
            let new = random.pick(&["NodeRole", "Moved"]);
            let schema =
                std::mem::replace(node, json!({"$ref": format!("#/components/schemas/{new}")}));
            root["components"]["schemas"][*new] = schema;
            Some(format!("{pointer} moves to {new}"))
        }
        _ => {
            let part = json!({"$ref": format!("#/components/schemas/{}", random.pick(&["Geo", "Place", "Resource"]))});
            let schema = schemas.remove(&name)?;
            let schema = match schema.get("allOf") {
                Some(_) => {
                    let mut schema = schema;
                    schema["allOf"].as_array_mut()?.push(part);
                    schema
                }
                None => json!({"allOf": [part, schema]}),
            };
            schemas.insert(name.clone(), schema);
            Some(format!("{name} inherits from another one"))
        }
    }
}
