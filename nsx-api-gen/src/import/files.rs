//! Documents in several files become one: VMware's realtime-metrics API has its schemas and parameters in files beside it.
//!
//! A reference such as `defs.yaml#/Series` is followed within the folder that the document is in, and never out of it: not by `..`, not
//! by a link, not to an address. What it leads to becomes a component under its own name, or the nearest free one; `#/Series` in
//! another file means that file. All files together may have as much in them as one document.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use crate::check::{is_data, section_of};
use crate::document::change::Change;
use crate::document::key_order;
use crate::document::{component, join, members, reference};
use crate::error::{Error, Faults};
use crate::names::Numbers;
use crate::read::Source;
use crate::read::{self, Budget, MOST_BYTES};

/// The sections of the components, and what Swagger calls those that it has.
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

/// How many path items may lead to one another in a row.
const LONGEST_CHAIN: usize = 64;

/// `other_files`: brings what a document has in other files into it.
pub(super) fn bring_in(
    source: &Source,
    root: &mut Value,
    changes: &mut Vec<Change>,
) -> Result<(), Error> {
    if !leads_out(root) {
        return Ok(());
    }
    key_order::order(root);
    let mut files = Files::new(source, root);
    files.aliases(root);
    files.document(root);
    files.components(root);
    files.faults.into_result(&source.name)?;
    for (file, count) in files.counts {
        let message = format!(
            "{count} parts of {} are in this document now",
            file.display()
        );
        changes.push(Change::of_document("other_files", "#", message));
    }
    Ok(())
}

fn leads_out(node: &Value) -> bool {
    match node {
        Value::Object(map) => {
            reference(node).is_some_and(|target| !target.starts_with('#'))
                || map.values().any(leads_out)
        }
        Value::Array(list) => list.iter().any(leads_out),
        _ => false,
    }
}

/// A part of a file: the file from the document's folder on, the pointer in it, and the section that it belongs in.
type Part = (PathBuf, String, &'static str);

/// The files that were read, and what was taken of them.
struct Files {
    /// The document's folder, its links followed; none of what has no place among files.
    folder: Option<PathBuf>,
    /// The document in it.
    main: PathBuf,
    is_swagger: bool,
    read: BTreeMap<PathBuf, Value>,
    budget: Budget,
    /// How many bytes may still be read.
    bytes: usize,
    /// What may still be taken of the files.
    copied: Budget,
    /// Where the parts are now, by reference.
    places: BTreeMap<Part, String>,
    taken: BTreeSet<String>,
    numbers: Numbers,
    /// What is a component now, and was not looked through yet: its place, the part, and where it came from.
    open: Vec<(String, &'static str, Value, PathBuf)>,
    counts: BTreeMap<PathBuf, usize>,
    faults: Faults,
    /// What was reported, which is not said of each place.
    told: BTreeSet<String>,
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
            bytes: MOST_BYTES,
            copied: Budget::default(),
            places: BTreeMap::new(),
            taken,
            numbers: Numbers::default(),
            open: Vec::new(),
            counts: BTreeMap::new(),
            faults: Faults::default(),
            told: BTreeSet::new(),
        }
    }

    /// Components that are nothing but references to other files: what they lead to takes their places.
    fn aliases(&mut self, root: &mut Value) {
        let main = self.main.clone();
        for (section, start) in sections(self.is_swagger) {
            let Some(Value::Object(parts)) = root.pointer_mut(start.trim_start_matches('#')) else {
                continue;
            };
            for (name, part) in parts {
                let place = join(&start, name);
                let Some(target) = reference(part).filter(|target| !target.starts_with('#')) else {
                    continue;
                };
                let Some((file, pointer)) = self.found(target, &main, &place) else {
                    continue;
                };
                let key = (file.clone(), pointer.clone(), section);
                if file == main || self.places.contains_key(&key) {
                    continue;
                }
                if let Some(found) = self.copy(&file, &pointer, target, &place) {
                    self.places.insert(key, place.clone());
                    self.open.push((place, section, found, file));
                }
            }
        }
    }

    /// What the document has of its own.
    fn document(&mut self, root: &mut Value) {
        let main = self.main.clone();
        for (section, start) in sections(self.is_swagger) {
            if let Some(Value::Object(parts)) = root.pointer_mut(start.trim_start_matches('#')) {
                for (name, part) in parts {
                    self.walk(part, &join(&start, name), section, &main);
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

    /// A path item may be in another file as a whole.
    fn path_item(&mut self, item: &mut Value, pointer: &str) {
        let mut from = self.main.clone();
        let mut looked = BTreeSet::new();
        for _ in 0..LONGEST_CHAIN {
            let target =
                reference(item).filter(|target| from != self.main || !target.starts_with('#'));
            let Some(target) = target.map(str::to_owned) else {
                break;
            };
            let Some((file, place)) = self.found(&target, &from, pointer) else {
                return;
            };
            if file == self.main {
                item["$ref"] = json!(format!("#{place}"));
                from = file;
                break;
            }
            let Some(Value::Object(mut found)) = self.copy(&file, &place, &target, pointer) else {
                return;
            };
            // What stands beside the reference wins, and is of the file that it stands in.
            self.members_of_item(item, pointer, &from, &mut looked);
            if let Some(own) = item.as_object_mut() {
                own.shift_remove("$ref");
                found.extend(std::mem::take(own));
            }
            *item = Value::Object(found);
            from = file;
        }
        self.members_of_item(item, pointer, &from, &mut looked);
    }

    /// Looks through the members of a path item that it did not look through yet.
    fn members_of_item(
        &mut self,
        item: &mut Value,
        pointer: &str,
        from: &Path,
        looked: &mut BTreeSet<String>,
    ) {
        for (key, node) in item.as_object_mut().into_iter().flatten() {
            if key != "$ref" && looked.insert(key.clone()) {
                self.walk(node, &join(pointer, key), key, from);
            }
        }
    }

    /// What became a component, and what that leads to.
    fn components(&mut self, root: &mut Value) {
        while let Some((place, section, mut part, file)) = self.open.pop() {
            self.walk(&mut part, &place, section, &file);
            let mut keys = place
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

    /// Looks through a part of a file; `section` is what a reference there must lead to.
    fn walk(&mut self, node: &mut Value, pointer: &str, section: &str, from: &Path) {
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
                    self.walk(inner, &join(pointer, key), section_of(section, key), from);
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter_mut().enumerate() {
                    self.walk(inner, &format!("{pointer}/{index}"), section, from);
                }
            }
            _ => {}
        }
    }

    fn redirect(&mut self, target: &mut String, pointer: &str, section: &str, from: &Path) {
        if from == self.main && target.starts_with('#') {
            return;
        }
        let Some((file, part)) = self.found(target, from, pointer) else {
            return;
        };
        if file == self.main {
            *target = format!("#{part}");
        } else if let Some(place) = self.place(file, part, target, section, pointer) {
            *target = place;
        }
    }

    /// The component that a part of another file is, or becomes.
    fn place(
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
            self.fault(
                pointer,
                format!("`{target}`: no reference to another file can stand here"),
            );
            return None;
        };
        let key = (file, part, section);
        if let Some(place) = self.places.get(&key) {
            return Some(place.clone());
        }
        let (file, part, _) = &key;
        let found = self.copy(file, part, target, pointer)?;
        let name = match part.is_empty() {
            true => file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            false => component(part).to_owned(),
        };
        let place = self.free(&start, &plain(&name));
        self.open
            .push((place.clone(), section, found, file.clone()));
        self.places.insert(key, place.clone());
        Some(place)
    }

    /// Reports a reference once, at the first place that has it.
    fn fault(&mut self, pointer: &str, message: String) {
        if self.told.insert(message.clone()) {
            self.faults.at(pointer, message);
        }
    }

    fn free(&mut self, start: &str, name: &str) -> String {
        let first = join(start, name);
        if self.taken.insert(first.clone()) {
            return first;
        }
        let numbered = self.numbers.first(&first, |number| {
            let place = join(start, &format!("{name}{number}"));
            self.taken.insert(place.clone()).then_some(place)
        });
        numbered.unwrap_or_default()
    }

    /// A copy of a part of a file, as long as there is room for it.
    fn copy(&mut self, file: &Path, part: &str, target: &str, pointer: &str) -> Option<Value> {
        let found = self.read.get(file).and_then(|root| root.pointer(part));
        let Some(found) = found else {
            self.fault(pointer, format!("`{target}` leads nowhere"));
            return None;
        };
        if !self.copied.covers(found) {
            let message = "the other files have more parts than a document may have";
            self.fault("#", message.to_owned());
            return None;
        }
        let found = found.clone();
        *self.counts.entry(file.to_owned()).or_default() += 1;
        Some(found)
    }

    /// The file and the place in it that a reference leads to; the file was read.
    fn found(&mut self, target: &str, from: &Path, pointer: &str) -> Option<(PathBuf, String)> {
        let (name, part) = target.split_once('#').unwrap_or((target, ""));
        let file = match name {
            "" => Ok(from.to_owned()),
            name => self.file(name, from),
        };
        match file {
            Ok(file) => Some((file, part.trim_end_matches('/').to_owned())),
            Err(message) => {
                self.fault(pointer, format!("`{target}` {message}"));
                None
            }
        }
    }

    /// A file by its name in a reference of another file.
    fn file(&mut self, name: &str, from: &Path) -> Result<PathBuf, String> {
        let Some(folder) = self.folder.clone() else {
            return Err("is in another file, and this document is in no folder: save both in one, and import from there".to_owned());
        };
        let file = within(from, name)
            .ok_or("leads out of the document's folder, where nothing is read")?;
        if file == self.main || self.read.contains_key(&file) {
            return Ok(file);
        }
        let path = folder.join(&file);
        let place = path
            .canonicalize()
            .map_err(|error| format!("is in a file that cannot be read: {error}"))?;
        if !place.starts_with(&folder) {
            return Err(
                "leads out of the document's folder by a link, where nothing is read".to_owned(),
            );
        }
        let bytes = read::bytes_of(&place)
            .map_err(|error| format!("is in a file that cannot be read: {error}"))?;
        self.bytes = self.bytes.checked_sub(bytes.len()).ok_or_else(|| {
            format!(
                "is in one file too many: all together are larger than {} MB",
                MOST_BYTES >> 20
            )
        })?;
        let name = file.display().to_string();
        let mut tree = read::tree_within(&name, &bytes, &self.budget)
            .map_err(|error| format!("cannot be read: {error}"))?;
        key_order::order(&mut tree);
        self.read.insert(file.clone(), tree);
        Ok(file)
    }
}

/// The sections that a document may have, and where.
fn sections(is_swagger: bool) -> impl Iterator<Item = (&'static str, String)> {
    SECTIONS.into_iter().filter_map(move |(section, swagger)| {
        let place = match is_swagger {
            true => format!("#/{}", swagger?),
            false => format!("#/components/{section}"),
        };
        Some((section, place))
    })
}

/// A name beside a file, from the folder on; `None` where that is none below it.
fn within(from: &Path, name: &str) -> Option<PathBuf> {
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

/// A name with the letters that those of components may have.
fn plain(name: &str) -> String {
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
    fn what_a_document_has_in_other_files_becomes_components() {
        let imported = from(&folder(&FILES)).unwrap();
        let root = read::tree("imported", imported.text.as_bytes()).unwrap();
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
        assert!(imported.report.iter().any(|line| line == "other_files: #: 3 parts of defs.yaml are in this document now"), "{:?}", imported.report);
    }

    #[test]
    fn swagger_has_its_own_places_for_them() {
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
    fn a_path_item_of_swagger_may_be_in_another_file() {
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
    fn nothing_is_read_out_of_the_documents_folder() {
        let outside = folder(&[("defs.yaml", "Node: {type: object}")]);
        for (target, message) in [
            ("../defs.yaml#/Node", "leads out of the document's folder"),
            (
                "parts/../../defs.yaml#/Node",
                "leads out of the document's folder",
            ),
            ("/etc/passwd", "leads out of the document's folder"),
            (
                "https://example.com/defs.yaml#/Node",
                "leads out of the document's folder",
            ),
            ("file:///etc/passwd", "leads out of the document's folder"),
            (
                "link.yaml#/Node",
                "leads out of the document's folder by a link",
            ),
            ("none.yaml#/Node", "is in a file that cannot be read"),
            ("parts#/Node", "is in a file that cannot be read"),
            ("defs.yaml#/Nothing", "leads nowhere"),
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
            let place = "#/paths/~1a/get/responses/200/content/application~1json/schema";
            assert!(
                error.contains(&format!("{place}: `{target}` {message}")),
                "{target}: {error}"
            );
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_document_in_no_folder_has_no_other_files() {
        let api = API.replace("responses: {", "responses: {'202': {description: OK, content: {application/json: {schema: {$ref: 'defs.yaml#/Node'}}}}, ");
        let error = import(&task(Source::new("standard input", api)))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error
                .matches("`defs.yaml#/Node` is in another file, and this document is in no folder")
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
                "leads out of the document: `cargo xtask import` makes one of several files"
            )),
            "{error}"
        );
    }

    #[test]
    fn a_path_item_that_leads_nowhere_is_not_left_out_without_a_word() {
        let api = API.replace("'parts/paths.yaml#/b'", "'#/nothing'");
        let folder = folder(&FILES);
        fs::write(folder.path().join("api.yaml"), api).unwrap();
        let error = from(&folder).unwrap_err().to_string();
        assert!(
            error.ends_with("#/paths/~1b: `#/nothing` must lead to a path item"),
            "{error}"
        );
    }

    #[test]
    fn what_stands_beside_a_path_item_in_another_file_is_of_its_own_file() {
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
        let root = crate::read::tree("imported", imported.text.as_bytes()).unwrap();
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
