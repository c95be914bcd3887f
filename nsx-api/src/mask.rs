//! Secrets taken out of what the other side says, should it echo them: in every form that an echo may have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Secret;
use crate::path::append_pair;

/// A shorter secret would be found in every text.
const SHORTEST: usize = 4;

/// What is taken out, the longest first: one secret may be a part of another.
#[derive(Clone, Default)]
pub(crate) struct Mask(Vec<Secret>);

impl Mask {
    /// A mask of these secrets.
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut forms: Vec<Secret> = secrets.into_iter().flat_map(forms).collect();
        forms.sort_unstable_by(|a, b| {
            let (a, b) = (a.expose_secret(), b.expose_secret());
            b.len().cmp(&a.len()).then_with(|| a.cmp(b))
        });
        forms.dedup_by(|a, b| a.expose_secret() == b.expose_secret());
        Self(forms)
    }

    /// `text` with `•••` in the place of each secret.
    pub(crate) fn apply(&self, text: String) -> String {
        self.0
            .iter()
            .map(Secret::expose_secret)
            .fold(text, |text, secret| match text.contains(secret) {
                true => text.replace(secret, "•••"),
                false => text,
            })
    }
}

/// `text` without what these masks take out.
pub(crate) fn mask(text: String, masks: &[&Mask]) -> String {
    masks.iter().fold(text, |text, mask| mask.apply(text))
}

/// A secret as it is, in base64, within JSON, within a URL, and within HTML.
fn forms(secret: &Secret) -> Vec<Secret> {
    let plain = secret.expose_secret();
    let json = serde_json::Value::from(plain).to_string();
    let json = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    let mut url = String::new();
    append_pair(&mut url, "", plain);
    let url = url.strip_prefix('=').unwrap_or(&url);
    let mut forms = vec![
        plain.to_owned(),
        STANDARD.encode(plain),
        json.unwrap_or_default().to_owned(),
        url.to_owned(),
        url.replace("%20", "+"),
        lower_case_escapes(url),
        html(plain, "&quot;", "&#39;"),
        html(plain, "&#34;", "&#x27;"),
    ];
    forms.retain(|form| form.len() >= SHORTEST);
    forms.into_iter().map(Secret::from).collect()
}

/// `%2f` for `%2F`.
fn lower_case_escapes(url: &str) -> String {
    let mut digits = 0;
    url.chars()
        .map(|character| match character {
            '%' => {
                digits = 2;
                character
            }
            _ if digits > 0 => {
                digits -= 1;
                character.to_ascii_lowercase()
            }
            _ => character,
        })
        .collect()
}

/// Escaped for HTML, with these for the two quotes, which there is more than one way to write.
fn html(text: &str, quote: &str, apostrophe: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', quote)
        .replace('\'', apostrophe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secret: &str, text: &str) -> String {
        Mask::of([&Secret::from(secret)]).apply(text.to_owned())
    }

    #[test]
    fn an_echo_is_masked_in_every_form() {
        let echo = r#"plain =VM"ware\1+! JSON =VM\"ware\\1+! URL %3DVM%22ware%5C1%2B%21"#;
        assert_eq!(
            masked(r#"=VM"ware\1+!"#, echo),
            "plain ••• JSON ••• URL •••"
        );
        for echo in [
            "&lt;a&gt;&amp;&quot;b&quot;/&#39;c&#39;",
            "&lt;a&gt;&amp;&#34;b&#34;/&#x27;c&#x27;",
            "%3Ca%3E%26%22b%22%2F%27c%27",
            "%3ca%3e%26%22b%22%2f%27c%27",
        ] {
            let masked = masked(r#"<a>&"b"/'c'"#, &format!("a {echo}."));
            assert_eq!(masked, "a •••.");
        }
        assert_eq!(
            masked("two words", "j_password=two+words&x"),
            "j_password=•••&x"
        );
    }

    #[test]
    fn what_is_too_short_to_be_told_from_other_text_stays() {
        assert_eq!(masked("abc", "abcd"), "abcd");
        assert_eq!(masked("", "text"), "text");
    }

    #[test]
    fn a_secret_within_another_does_not_leave_the_rest_of_it() {
        let secrets = [Secret::from("word"), Secret::from("password-1")];
        let masked = Mask::of(&secrets).apply("password-1 word".to_owned());
        assert_eq!(masked, "••• •••");
    }
}
