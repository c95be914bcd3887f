//! Rust as text. What is generated has few shapes, and to print syntax trees of it would take longer than all else.

use std::fmt::Display;

/// Columns that a line may have before a list in it is broken.
const WIDTH: usize = 100;

/// Lines of Rust, indented by the blocks that they stand in.
#[derive(Default)]
pub(super) struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// A line.
    pub(super) fn line(&mut self, line: impl Display) {
        self.put(&line.to_string());
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// The lines of a doc comment.
    pub(super) fn docs(&mut self, markdown: &str) {
        self.comment("///", markdown);
    }

    /// The docs of the module.
    pub(super) fn module_docs(&mut self, markdown: &str) {
        self.comment("//!", markdown);
    }

    fn comment(&mut self, mark: &str, text: &str) {
        for line in text.lines() {
            match line.is_empty() {
                true => self.put(mark),
                false => self.put(&format!("{mark} {line}")),
            }
        }
    }

    /// `head {`, what is written inside, `}`.
    pub(super) fn block(&mut self, head: impl Display, inside: impl FnOnce(&mut Self)) {
        self.put(&format!("{head} {{"));
        self.inside(inside);
        self.put("}");
    }

    /// A function whose arguments are broken where they do not fit.
    pub(super) fn function(
        &mut self,
        name: impl Display,
        arguments: &[String],
        output: impl Display,
        inside: impl FnOnce(&mut Self),
    ) {
        self.list(format!("{name}("), arguments, format!(") -> {output} {{"));
        self.inside(inside);
        self.put("}");
    }

    /// A list with what stands around it, in one line if it fits.
    pub(super) fn list(&mut self, before: impl Display, items: &[String], after: impl Display) {
        let before = before.to_string();
        let pad = if before.ends_with(" {") && !items.is_empty() {
            " "
        } else {
            ""
        };
        let line = format!("{before}{pad}{}{pad}{after}", items.join(", "));
        if self.fits(&line) {
            return self.put(&line);
        }
        self.put(&before);
        self.inside(|code| items.iter().for_each(|item| code.put(&format!("{item},"))));
        self.put(&after.to_string());
    }

    /// Takes names of a module into scope.
    pub(super) fn uses(&mut self, module: &str, names: &[String]) {
        match names {
            [] => {}
            [one] => self.line(format!("use {module}::{one};")),
            _ => self.list(format!("use {module}::{{"), names, "};"),
        }
    }

    /// Modules that are files of their own, and whose items are seen as those of this one.
    pub(super) fn modules(&mut self, names: &[&str]) {
        names
            .iter()
            .for_each(|name| self.line(format!("mod {name};")));
        self.gap();
        names
            .iter()
            .for_each(|name| self.line(format!("pub use {name}::*;")));
    }

    /// A chain of calls, in one line if it fits.
    pub(super) fn chain(&mut self, before: impl Display, calls: &[String], after: impl Display) {
        let line = format!("{before}{}{after}", calls.concat());
        let Some((last, calls)) = calls.split_last().filter(|_| !self.fits(&line)) else {
            return self.put(&line);
        };
        self.put(&before.to_string());
        self.inside(|code| {
            calls.iter().for_each(|call| code.put(call));
            code.put(&format!("{last}{after}"));
        });
    }

    /// What is written one level deeper.
    pub(super) fn inside(&mut self, inside: impl FnOnce(&mut Self)) {
        self.depth += 1;
        inside(self);
        self.depth -= 1;
    }

    /// Text that has its line ends already.
    pub(super) fn text(&mut self, text: &str) {
        self.text += text;
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn put(&mut self, line: &str) {
        (0..self.depth).for_each(|_| self.text += "    ");
        self.text += line;
        self.text.push('\n');
    }

    fn fits(&self, line: &str) -> bool {
        self.depth * 4 + line.chars().count() <= WIDTH
    }
}

/// Those of the names that are used.
pub(super) fn used(names: &[(bool, &str)]) -> Vec<String> {
    let names = names.iter().filter(|(is_used, _)| *is_used);
    names.map(|(_, name)| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_chains_are_broken_where_they_do_not_fit() {
        let long = |name: &str| format!("{name}{}", "_".repeat(60));
        let mut code = Code::default();
        code.docs("One\n\ntwo");
        code.block("impl A", |code| {
            code.function("fn f", &["&self".to_owned()], "B", |code| {
                code.list("B {", &["c".to_owned(), "d".to_owned()], "}");
                code.list("E {", &[], "}");
            });
            code.function("fn g", &[long("a"), long("b")], "B", |code| {
                code.chain("self", &[".a()".to_owned(), ".b()".to_owned()], ";");
                code.chain("self", &[long(".a"), long(".b")], ";");
            });
        });
        let (a, b) = ("_".repeat(60), "_".repeat(60));
        let wanted = format!(
            "/// One\n///\n/// two\nimpl A {{\n    fn f(&self) -> B {{\n        B {{ c, d }}\n        E {{}}\n    }}\n    fn g(\n        a{a},\n        \
             b{b},\n    ) -> B {{\n        self.a().b();\n        self\n            .a{a}\n            .b{b};\n    }}\n}}\n"
        );
        assert_eq!(code.into_text(), wanted);
    }
}
