//! Combines a document that consists of several files. VMware's realtime-metrics API has its
//! schemas and parameters in separate files.
//!
//! A reference such as `defs.yaml#/Series` is resolved within the folder of the document.
//! References out of that folder (with `..`, symbolic links or URLs) are rejected. The target
//! becomes a component under its own name or the nearest free one. Within another file, `#/Series`
//! refers to that file. The limits on the size of a document apply to all files together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use crate::check::{is_data, section_of};
use crate::document::change::Change;
use crate::document::key_order;
use crate::document::{component, join, members, reference};
use crate::error::{Error, Faults};
use crate::names::NumberSuffixes;
use crate::read::Source;
use crate::read::{self, Budget, MAX_BYTES};

/// The sections of `components`, with their names in Swagger.
const SECTIONS: [(&str, Option<&str>); 9] = [
    ("schemas", Some("definitions")),
    ("parameters", Some("parameters")),
    ("responses", Some("responses")),
    ("requestBodies", None),
    ("headers", None),
    ("examples", None),
    ("links", None),
    ("callbacks", None),
    ("securitySchemes", None),
];

/// The longest chain of path items that refer to each other.
const MAX_PATH_ITEM_CHAIN: usize = 64;

/// `inlined_file_ref`: copies referenced parts of other files into the document.
pub(super) fn inline_file_references(
    source: &Source,
    root: &mut Value,
    changes: &mut Vec<Change>,
) -> Result<(), Error> {
    if !has_external_reference(root) {
        return Ok(());
    }
    key_order::sort_keys(root);
    let mut files = Files::new(source, root);
    files.replace_aliases(root);
    files.document(root);
    files.components(root);
    files.faults.into_result(&source.name)?;
    for (file, count) in files.counts {
        let message = format!(
            "copied {count} parts of {} into this document",
            file.display()
        );
        changes.push(Change::of_document("inlined_file_ref", "#", message));
    }
    Ok(())
}

fn has_external_reference(node: &Value) -> bool {
    match node {
        Value::Object(map) => {
            reference(node).is_some_and(|target| !target.starts_with('#'))
                || map.values().any(has_external_reference)
        }
        Value::Array(list) => list.iter().any(has_external_reference),
        _ => false,
    }
}

/// A part of a file: the path relative to the document's folder, the JSON pointer, and the section
/// of components that it belongs to.
type Part = (PathBuf, String, &'static str);

/// The files that were read, and the parts that were copied.
struct Files {
    /// The canonical path of the document's folder; `None` if the document is not a file.
    folder: Option<PathBuf>,
    /// The file name of the document.
    main: PathBuf,
    is_swagger: bool,
    read: BTreeMap<PathBuf, Value>,
    budget: Budget,
    /// How many bytes may still be read.
    bytes: usize,
    /// How much may still be copied.
    copied: Budget,
    /// The new location of each part.
    places: BTreeMap<Part, String>,
    taken: BTreeSet<String>,
    numbers: NumberSuffixes,
    /// Components that were added but not visited yet: location, section, content and file of
    /// origin.
    open: Vec<(String, &'static str, Value, PathBuf)>,
    counts: BTreeMap<PathBuf, usize>,
    faults: Faults,
    /// Messages that were already reported. Each is reported once.
    reported: BTreeSet<String>,
}

impl Files {
    fn new(source: &Source, root: &Value) -> Self {
        let is_swagger = read::is_swagger(root);
        let file = source
            .file
            .as_deref()
            .filter(|file| !file.starts_with("/dev"));
        let folder = file.and_then(|file| {
            let folder = file.parent().filter(|folder| *folder != Path::new(""));
            folder.unwrap_or(Path::new(".")).canonicalize().ok()
        });
        let main = file.and_then(Path::file_name).unwrap_or_default();
        let mut taken = BTreeSet::new();
        for (_, start) in sections(is_swagger) {
            let parts = members(root.pointer(start.trim_start_matches('#')));
            taken.extend(parts.map(|(name, _)| join(&start, name)));
        }
        Self {
            folder,
            main: PathBuf::from(main),
            is_swagger,
            read: BTreeMap::new(),
            budget: Budget::default(),
            bytes: MAX_BYTES,
            copied: Budget::default(),
            places: BTreeMap::new(),
            taken,
            numbers: NumberSuffixes::default(),
            open: Vec::new(),
            counts: BTreeMap::new(),
            faults: Faults::default(),
            reported: BTreeSet::new(),
        }
    }

    /// Components that consist of a reference to another file are replaced by its target.
    fn replace_aliases(&mut self, root: &mut Value) {
        let main = self.main.clone();
        for (section, start) in sections(self.is_swagger) {
            let Some(Value::Object(parts)) = root.pointer_mut(start.trim_start_matches('#')) else {
                continue;
            };
            for (name, part) in parts {
                let component_location = join(&start, name);
                let Some(target) = reference(part).filter(|target| !target.starts_with('#')) else {
                    continue;
                };
                let Some((file, pointer)) = self.locate(target, &main, &component_location) else {
                    continue;
                };
                let key = (file.clone(), pointer.clone(), section);
                if file == main || self.places.contains_key(&key) {
                    continue;
                }
                if let Some(locate) = self.copy(&file, &pointer, target, &component_location) {
                    self.places.insert(key, component_location.clone());
                    self.open.push((component_location, section, locate, file));
                }
            }
        }
    }

    /// Visits the document itself.
    fn document(&mut self, root: &mut Value) {
        let main = self.main.clone();
        for (section, start) in sections(self.is_swagger) {
            if let Some(Value::Object(parts)) = root.pointer_mut(start.trim_start_matches('#')) {
                for (name, part) in parts {
                    self.visit(part, &join(&start, name), section, &main);
                }
            }
        }
        let Some(Value::Object(paths)) = root.get_mut("paths") else {
            return;
        };
        for (path, item) in paths.iter_mut().filter(|(path, _)| !path.starts_with("x-")) {
            self.path_item(item, &join("#/paths", path));
        }
    }

    /// A path item may be in another file.
    fn path_item(&mut self, item: &mut Value, pointer: &str) {
        let mut from = self.main.clone();
        let mut visited = BTreeSet::new();
        for _ in 0..MAX_PATH_ITEM_CHAIN {
            let target =
                reference(item).filter(|target| from != self.main || !target.starts_with('#'));
            let Some(target) = target.map(str::to_owned) else {
                break;
            };
            let Some((file, component_location)) = self.locate(&target, &from, pointer) else {
                return;
            };
            if file == self.main {
                item["$ref"] = json!(format!("#{component_location}"));
                from = file;
                break;
            }
            let Some(Value::Object(mut locate)) =
                self.copy(&file, &component_location, &target, pointer)
            else {
                return;
            };
            // Members next to the reference take precedence, and their references belong to their
            // own file.
            self.members_of_item(item, pointer, &from, &mut visited);
            if let Some(own) = item.as_object_mut() {
                own.shift_remove("$ref");
                locate.extend(std::mem::take(own));
            }
            *item = Value::Object(locate);
            from = file;
        }
        self.members_of_item(item, pointer, &from, &mut visited);
    }

    /// Visits the members of a path item that were not visited yet.
    fn members_of_item(
        &mut self,
        item: &mut Value,
        pointer: &str,
        from: &Path,
        visited: &mut BTreeSet<String>,
    ) {
        for (key, node) in item.as_object_mut().into_iter().flatten() {
            if key != "$ref" && visited.insert(key.clone()) {
                self.visit(node, &join(pointer, key), key, from);
            }
        }
    }

    /// Adds the new components, and the components that they refer to.
    fn components(&mut self, root: &mut Value) {
        while let Some((component_location, section, mut part, file)) = self.open.pop() {
            self.visit(&mut part, &component_location, section, &file);
            let mut keys = component_location
                .trim_start_matches("#/")
                .split('/')
                .collect::<Vec<_>>();
            let name = keys
                .pop()
                .unwrap_or_default()
                .replace("~1", "/")
                .replace("~0", "~");
            let mut node = &mut *root;
            for key in keys {
                let Some(map) = node.as_object_mut() else {
                    return;
                };
                node = map.entry(key).or_insert_with(|| json!({}));
            }
            if let Some(map) = node.as_object_mut() {
                map.insert(name, part);
            }
        }
    }

    /// Visits a part of a file; `section` is the section that a reference at this place must point
    /// to.
    fn visit(&mut self, node: &mut Value, pointer: &str, section: &str, from: &Path) {
        match node {
            Value::Object(map) => {
                if section != "properties"
                    && let Some(Value::String(target)) = map.get_mut("$ref")
                {
                    self.redirect(target, pointer, section, from);
                }
                if let Some(Value::Object(mapping)) =
                    map.get_mut("mapping").filter(|_| section != "properties")
                {
                    for target in mapping.values_mut() {
                        if let Value::String(target) = target
                            && target.contains('#')
                        {
                            self.redirect(target, pointer, "schemas", from);
                        }
                    }
                }
                for (key, inner) in map.iter_mut().filter(|(key, _)| !is_data(section, key)) {
                    self.visit(inner, &join(pointer, key), section_of(section, key), from);
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter_mut().enumerate() {
                    self.visit(inner, &format!("{pointer}/{index}"), section, from);
                }
            }
            _ => {}
        }
    }

    fn redirect(&mut self, target: &mut String, pointer: &str, section: &str, from: &Path) {
        if from == self.main && target.starts_with('#') {
            return;
        }
        let Some((file, part)) = self.locate(target, from, pointer) else {
            return;
        };
        if file == self.main {
            *target = format!("#{part}");
        } else if let Some(component_location) =
            self.component_location(file, part, target, section, pointer)
        {
            *target = component_location;
        }
    }

    /// The component for a part of another file, added if necessary.
    fn component_location(
        &mut self,
        file: PathBuf,
        part: String,
        target: &str,
        section: &str,
        pointer: &str,
    ) -> Option<String> {
        let section = if section == "properties" {
            "schemas"
        } else {
            section
        };
        let mut sections = sections(self.is_swagger);
        let Some((section, start)) = sections.find(|(known, _)| *known == section) else {
            self.report(
                pointer,
                format!("`{target}`: a reference to another file is not allowed here"),
            );
            return None;
        };
        let key = (file, part, section);
        if let Some(component_location) = self.places.get(&key) {
            return Some(component_location.clone());
        }
        let (file, part, _) = &key;
        let locate = self.copy(file, part, target, pointer)?;
        let name = match part.is_empty() {
            true => file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            false => component(part).to_owned(),
        };
        let component_location = self.free_location(&start, &component_name(&name));
        self.open
            .push((component_location.clone(), section, locate, file.clone()));
        self.places.insert(key, component_location.clone());
        Some(component_location)
    }

    /// Reports a message once, at the first location.
    fn report(&mut self, pointer: &str, message: String) {
        if self.reported.insert(message.clone()) {
            self.faults.add(pointer, message);
        }
    }

    fn free_location(&mut self, start: &str, name: &str) -> String {
        let first = join(start, name);
        if self.taken.insert(first.clone()) {
            return first;
        }
        let numbered = self.numbers.first_free(&first, |number| {
            let component_location = join(start, &format!("{name}{number}"));
            self.taken
                .insert(component_location.clone())
                .then_some(component_location)
        });
        numbered.unwrap_or_default()
    }

    /// A copy of a part of a file, if the limit allows it.
    fn copy(&mut self, file: &Path, part: &str, target: &str, pointer: &str) -> Option<Value> {
        let locate = self.read.get(file).and_then(|root| root.pointer(part));
        let Some(locate) = locate else {
            self.report(pointer, format!("the target `{target}` does not exist"));
            return None;
        };
        if !self.copied.covers(locate) {
            let message = "the other files exceed the size limit of a document";
            self.report("#", message.to_owned());
            return None;
        }
        let locate = locate.clone();
        *self.counts.entry(file.to_owned()).or_default() += 1;
        Some(locate)
    }

    /// The file and pointer that a reference points to. Reads the file if necessary.
    fn locate(&mut self, target: &str, from: &Path, pointer: &str) -> Option<(PathBuf, String)> {
        let (name, part) = target.split_once('#').unwrap_or((target, ""));
        let file = match name {
            "" => Ok(from.to_owned()),
            name => self.file(name, from),
        };
        match file {
            Ok(file) => Some((file, part.trim_end_matches('/').to_owned())),
            Err(message) => {
                self.report(pointer, format!("`{target}` {message}"));
                None
            }
        }
    }

    /// The path of a referenced file. Reads it if necessary.
    fn file(&mut self, name: &str, from: &Path) -> Result<PathBuf, String> {
        let Some(folder) = self.folder.clone() else {
            return Err("is in another file, but this document is not a file: save both in one folder and import from there".to_owned());
        };
        let file = resolve_relative(from, name)
            .ok_or("is outside of the document's folder, which is not allowed")?;
        if file == self.main || self.read.contains_key(&file) {
            return Ok(file);
        }
        let path = folder.join(&file);
        let component_location = path
            .canonicalize()
            .map_err(|error| format!("is in a file that cannot be read: {error}"))?;
        if !component_location.starts_with(&folder) {
            return Err(
                "is outside of the document's folder (through a symbolic link), which is not allowed".to_owned(),
            );
        }
        let bytes = read::read_file(&component_location)
            .map_err(|error| format!("is in a file that cannot be read: {error}"))?;
        self.bytes = self.bytes.checked_sub(bytes.len()).ok_or_else(|| {
            format!(
                "exceeds the size limit: all files together are larger than {} MB",
                MAX_BYTES >> 20
            )
        })?;
        let name = file.display().to_string();
        let mut tree = read::parse_tree_within(&name, &bytes, &self.budget)
            .map_err(|error| format!("cannot be read: {error}"))?;
        key_order::sort_keys(&mut tree);
        self.read.insert(file.clone(), tree);
        Ok(file)
    }
}

/// The sections that a document can have, with their locations.
fn sections(is_swagger: bool) -> impl Iterator<Item = (&'static str, String)> {
    SECTIONS.into_iter().filter_map(move |(section, swagger)| {
        let component_location = match is_swagger {
            true => format!("#/{}", swagger?),
            false => format!("#/components/{section}"),
        };
        Some((section, component_location))
    })
}

/// Resolves a file name relative to another file; `None` if the result is outside of the document's
/// folder.
fn resolve_relative(from: &Path, name: &str) -> Option<PathBuf> {
    if name.contains("://") || name.contains('\\') || name.contains(':') {
        return None;
    }
    let mut file = from.parent().unwrap_or(Path::new("")).to_owned();
    for step in Path::new(name).components() {
        match step {
            Component::Normal(step) => file.push(step),
            Component::CurDir => {}
            Component::ParentDir if file.pop() => {}
            _ => return None,
        }
    }
    Some(file)
}

/// Replaces characters that a component name cannot contain.
fn component_name(name: &str) -> String {
    let name = name.replace("~1", "/").replace("~0", "~");
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    let letter = |letter: char| if is_plain(letter) { letter } else { '_' };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{Import, Selection, import};
    use std::fs;
    use tempfile::TempDir;

    const API: &str = "
openapi: 3.0.3
info: {title: A, version: '1'}
paths:
  /a:
    get:
      operationId: GetA
      parameters: [{$ref: 'parts/params.yaml#/limit'}]
      responses: {'200': {description: OK, content: {application/json: {schema: {$ref: 'defs.yaml#/Node'}}}}}
  /b: {$ref: 'parts/paths.yaml#/b'}
components:
  schemas:
    Tag: {type: integer}
    Alias: {$ref: 'defs.yaml#/Series'}
";
    const FILES: [(&str, &str); 4] = [
        ("api.yaml", API),
        (
            "defs.yaml",
            "
Node: {type: object, properties: {self: {$ref: '#/Node'}, tag: {$ref: '#/Tag'}, own: {$ref: 'api.yaml#/components/schemas/Tag'}, s: {$ref: '#/Series'}, $ref: {type: string}}}
Tag: {type: string, default: {$ref: 'none.yaml'}}
Series: {type: array, items: {$ref: 'defs.yaml#/Node'}}
",
        ),
        ("parts/params.yaml", "limit: {name: limit, in: query, schema: {$ref: '../defs.yaml#/Tag'}}"),
        ("parts/paths.yaml", "b: {get: {operationId: GetB, responses: {'200': {$ref: '#/ok'}}}}\nok: {description: OK}"),
    ];

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("parts")).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn task(document: Source) -> Import {
        Import {
            document,
            selection: Selection::new().all(),
            overlay: None,
            into: None,
            skip_unsupported: false,
        }
    }

    fn from(folder: &TempDir) -> Result<crate::import::Imported, Error> {
        import(&task(
            Source::from_file(&folder.path().join("api.yaml")).unwrap(),
        ))
    }

    #[test]
    fn parts_of_other_files_become_components() {
        let imported = from(&folder(&FILES)).unwrap();
        let root = read::parse_tree("imported", imported.text.as_bytes()).unwrap();
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let node = json!({"type": "object", "properties": {
            "self": to("Node"), "tag": to("Tag2"), "own": to("Tag"), "s": to("Alias"), "$ref": {"type": "string"},
        }});
        assert_eq!(
            root["components"],
            json!({
                "parameters": {"limit": {"name": "limit", "in": "query", "schema": to("Tag2")}},
                "responses": {"ok": {"description": "OK"}},
                "schemas": {
                    "Alias": {"type": "array", "items": to("Node")},
                    "Node": node,
                    "Tag": {"type": "integer"},
                    "Tag2": {"type": "string", "default": {"$ref": "none.yaml"}},
                },
            })
        );
        assert_eq!(root["paths"]["/b"]["get"]["operationId"], "GetB");
        crate::generate_from_str("imported", &imported.text.replace("default:", "example:"))
            .unwrap();
        assert!(
            imported.report.iter().any(|line| line
                == "inlined_file_ref: #: copied 3 parts of defs.yaml into this document"),
            "{:?}",
            imported.report
        );
    }

    #[test]
    fn parts_of_other_files_become_swagger_definitions() {
        let api = "
swagger: '2.0'
info: {title: A, version: '1'}
paths: {/a: {post: {operationId: PostA, parameters: [{$ref: 'defs.yaml#/body'}], responses: {'200': {$ref: 'defs.yaml#/ok'}}}}}
";
        let defs = "
body: {name: b, in: body, required: true, schema: {$ref: '#/Node'}}
ok: {description: OK, schema: {$ref: '#/Node'}}
Node: {type: object}
";
        let imported = from(&folder(&[("api.yaml", api), ("defs.yaml", defs)])).unwrap();
        crate::generate_from_str("imported", &imported.text).unwrap();
        assert!(imported.text.contains("    Node:"), "{}", imported.text);
    }

    #[test]
    fn a_swagger_path_item_may_be_in_another_file() {
        let api = "
swagger: '2.0'
info: {title: A, version: '1'}
paths: {/a: {$ref: 'defs.yaml#/item'}}
x-of-vendor: {$ref: none.yaml}
";
        let defs = "item: {get: {operationId: GetA, responses: {'200': {description: OK}}}}";
        let imported = from(&folder(&[("api.yaml", api), ("defs.yaml", defs)])).unwrap();
        crate::generate_from_str("imported", &imported.text).unwrap();
    }

    #[test]
    fn references_outside_of_the_documents_folder_are_rejected() {
        let outside = folder(&[("defs.yaml", "Node: {type: object}")]);
        for (target, message) in [
            (
                "../defs.yaml#/Node",
                "`../defs.yaml#/Node` is outside of the document's folder",
            ),
            (
                "parts/../../defs.yaml#/Node",
                "`parts/../../defs.yaml#/Node` is outside of the document's folder",
            ),
            (
                "/etc/passwd",
                "`/etc/passwd` is outside of the document's folder",
            ),
            (
                "https://example.com/defs.yaml#/Node",
                "`https://example.com/defs.yaml#/Node` is outside of the document's folder",
            ),
            (
                "file:///etc/passwd",
                "`file:///etc/passwd` is outside of the document's folder",
            ),
            (
                "link.yaml#/Node",
                "`link.yaml#/Node` is outside of the document's folder (through a symbolic link)",
            ),
            (
                "none.yaml#/Node",
                "`none.yaml#/Node` is in a file that cannot be read",
            ),
            (
                "parts#/Node",
                "`parts#/Node` is in a file that cannot be read",
            ),
            (
                "defs.yaml#/Nothing",
                "the target `defs.yaml#/Nothing` does not exist",
            ),
        ] {
            let api = API.replace("defs.yaml#/Node", target);
            let folder = folder(&FILES);
            fs::write(folder.path().join("api.yaml"), api).unwrap();
            #[cfg(unix)]
            std::os::unix::fs::symlink(
                outside.path().join("defs.yaml"),
                folder.path().join("link.yaml"),
            )
            .unwrap();
            let error = from(&folder).unwrap_err().to_string();
            let location = "#/paths/~1a/get/responses/200/content/application~1json/schema";
            assert!(
                error.contains(&format!("{location}: {message}")),
                "{target}: {error}"
            );
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_document_from_standard_input_cannot_refer_to_other_files() {
        let api = API.replace("responses: {", "responses: {'202': {description: OK, content: {application/json: {schema: {$ref: 'defs.yaml#/Node'}}}}, ");
        let error = import(&task(Source::new("standard input", api)))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error
                .matches("`defs.yaml#/Node` is in another file, but this document is not a file")
                .count(),
            1,
            "{error}"
        );
        let error = crate::generate_from_str("nsx.yaml", API)
            .unwrap_err()
            .to_string();
        assert_eq!(error.lines().count(), 4, "{error}");
        assert!(
            error.lines().all(|line| line.ends_with(
                "points to another file: use `cargo xtask import` to combine several files"
            )),
            "{error}"
        );
    }

    #[test]
    fn a_dangling_path_item_reference_is_an_error() {
        let api = API.replace("'parts/paths.yaml#/b'", "'#/nothing'");
        let folder = folder(&FILES);
        fs::write(folder.path().join("api.yaml"), api).unwrap();
        let error = from(&folder).unwrap_err().to_string();
        assert!(
            error.ends_with("#/paths/~1b: `#/nothing` does not point to a path item"),
            "{error}"
        );
    }

    #[test]
    fn members_next_to_a_path_item_reference_resolve_in_their_own_file() {
        let answer = "responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/Own'}}}}}";
        let own = |property: &str| {
            format!(
                "components: {{schemas: {{Own: {{type: object, properties: {{{property}: {{type: string}}}}}}}}}}\n"
            )
        };
        let api = format!(
            "openapi: 3.0.3\ninfo: {{title: A, version: '1'}}\npaths: {{/a: {{$ref: 'b.yaml#/item', get: {{operationId: GetA, {answer}}}}}}}\n{}",
            own("here")
        );
        let other = format!(
            "item: {{put: {{operationId: PutA, {answer}}}}}\n{}",
            own("there")
        );
        let imported = from(&folder(&[("api.yaml", &api), ("b.yaml", &other)])).unwrap();
        let root = crate::read::parse_tree("imported", imported.text.as_bytes()).unwrap();
        let schema = |method: &str| {
            let pointer =
                format!("/paths/~1a/{method}/responses/200/content/application~1json/schema/$ref");
            let target = root.pointer(&pointer).and_then(Value::as_str).unwrap();
            let schema = root.pointer(target.trim_start_matches('#')).unwrap();
            members(schema.get("properties"))
                .map(|(name, _)| name.clone())
                .collect::<String>()
        };
        assert_eq!(
            (schema("get").as_str(), schema("put").as_str()),
            ("here", "there")
        );
    }
}
