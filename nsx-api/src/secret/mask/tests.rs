use std::fmt::Write as _;

use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

fn masked(secret: &str, text: &str) -> String {
    Mask::new([&Secret::from(secret)]).apply(text.to_owned())
}

/// Percent-encodes everything except letters, digits and `unreserved`.
fn percent_encode(text: &str, unreserved: &str) -> String {
    let mut url = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || unreserved.as_bytes().contains(&byte) {
            true => url.push(byte.into()),
            false => write!(url, "%{byte:02X}").unwrap(),
        }
    }
    url
}

#[test]
fn an_echoed_secret_is_masked_in_every_form() {
    for (secret, echo) in [
        (r#"=VM"ware\1+!"#, r#"=VM"ware\1+!"#),
        (r#"=VM"ware\1+!"#, r#"=VM\"ware\\1+!"#),
        (r#"=VM"ware\1+!"#, "%3DVM%22ware%5C1%2B%21"),
        (r#"<a>&"b"/'c'"#, "&lt;a&gt;&amp;&quot;b&quot;/&#39;c&#39;"),
        (r#"<a>&"b"/'c'"#, "&lt;a&gt;&amp;&#34;b&#34;/&#x27;c&apos;"),
        (r#"<a>&"b"/'c'"#, "%3ca%3e%26%22b%22%2f%27c%27"),
        ("two words", "two+words"),
        ("VMware1!&x(y)", "VMware1!%26x(y)"),
        ("VMw*re1!~ x", "VMw*re1%21%7E+x"),
        ("VMware1='&<x>", r"VMware1\u003d\u0027\u0026\u003cx\u003e"),
        ("VM/ware/1!", r"VM\/ware\/1!"),
        ("VMwäre-pä55", r"VMw\u00e4re-p\u00E455"),
        ("VMwäre-pä55", r"VMw\xc3\xa4re-p\xC3\xA455"),
        ("VMwäre-pä55", "VMw%E4re-p%e455"),
        ("VMwäre-pä55", r"VMw\xe4re-p\xe455"),
        ("VMwäre-pä55", "VMw\u{FFFD}re-p\u{FFFD}55"),
        ("VMwäre-pä55", "VMwÃ¤re-pÃ¤55"),
        ("VMwäre-😀", r"VMw\u{e4}re-\ud83d\ude00"),
        ("VMware1!VMware1!", "Vk13YXJlMSFWTXdhcmUxIQ"),
        ("VMware1!VMware1!", "Vk13YXJlMSFWTXdhcmUxIQ=="),
        ("VMware1!VMware1!", "Vk13YXJlMSFWTXdhcmUxIQ%3D%3d"),
        ("VMware1!VMware1!", r"Vk13YXJlMSFWTXdhcmUxIQ\u003d\u003d"),
        ("a?>b?>c?>~~~~", "YT8-Yj8-Yz8-fn5-fg=="),
        ("a?>b?>c?>~~~~", "YT8+Yj8+Yz8+fn5+fg=="),
        ("VM'ware'1", "VM&apos;ware&apos;1"),
        ("VM=ware'1", "VM&#61;ware&#39;1"),
        ("VM=ware'1", "VM&#x3D;ware&#x27;1"),
        ("VM\\ware'\"1", r#"VM\\ware\'"1"#),
        ("correct horse battery", "correct\n   horse\u{A0} battery"),
        (" correct  horse\n", "correct horse"),
        ("VMware1!&x", "VMware1%2521%2526x"),
        ("VMware1!&x", r"VMware1\\u0021%26amp;x"),
        ("VMware1!&x", "VMware1%252521%252526x"),
        ("a%41b%42&amp;", "a%2541b%2542%26amp%3B"),
        ("a%41b%42&amp;", "a%41b%42&amp;amp;"),
        (r"\n\u0041b", r"\\n\\u0041b"),
        ("++++++", "++++++"),
        ("84736251", "84736251"),
    ] {
        let text = format!("a {echo}.");
        assert_eq!(masked(secret, &text), "a •••.", "{secret} {echo}");
    }
}

#[test]
fn secrets_that_are_too_short_are_not_masked() {
    assert_eq!(masked("abc", "abcd"), "abcd");
    assert_eq!(masked("", "text"), "text");
    // Without its escapes this secret is too short as well.
    assert_eq!(masked("%41%42", "AB"), "AB");
}

#[test]
fn overlapping_secrets_of_one_or_several_masks_are_masked_completely() {
    let [word, password] = ["word", "password-1"].map(Secret::from);
    let text = "password-1 word".to_owned();
    assert_eq!(Mask::new([&word, &password]).apply(text.clone()), "••• •••");
    let masks = [Mask::new([&word]), Mask::new([&password])];
    for masks in [[&masks[0], &masks[1]], [&masks[1], &masks[0]]] {
        assert_eq!(mask(text.clone(), &masks), "••• •••");
    }
    let masks = ["hunt", "hunter2-x", "er2-xyz"].map(|secret| Mask::new([&Secret::from(secret)]));
    let masks: Vec<&Mask> = masks.iter().collect();
    assert_eq!(mask("[hunter2-xyz]".to_owned(), &masks), "[•••]");
}

#[test]
fn masking_costs_little_for_many_short_texts_and_a_long_one() {
    let secrets: Vec<Secret> = (0..20)
        .map(|number| Secret::from(format!("secret-{number}-{}", "x".repeat(number * 10))))
        .collect();
    let all = Mask::new(&secrets);
    let text = "\"aé\\n";
    let short = allocation_counter::measure(|| assert_eq!(all.apply(text.to_owned()), text));
    assert!(short.bytes_total < 1000, "{short:?}");
    let of_length = |count: usize| {
        let body = text.repeat(count) + "secret-7-" + &"x".repeat(70);
        let mut masked = String::new();
        let info = allocation_counter::measure(|| masked = all.apply(body));
        assert_eq!(masked, text.repeat(count) + "•••");
        info
    };
    let [once, twice] = [5_000, 10_000].map(of_length);
    assert!(once.bytes_total < 5_000 * 6 * 100, "{once:?}");
    assert!(
        twice.bytes_total <= 2 * once.bytes_total,
        "{once:?} {twice:?}"
    );
    assert!(
        twice.count_total <= once.count_total + 10,
        "{once:?} {twice:?}"
    );
    // Most positions are ruled out without a search: only the secret begins with these bytes.
    let body = text.repeat(5_000) + "secret-7-" + &"x".repeat(70);
    let pairs = body.as_bytes().windows(2).filter_map(first_pair);
    let is_searched = |pair: &u16| {
        let bits = all.first_pairs[usize::from(pair / 64)];
        bits & (1 << (pair % 64)) != 0
    };
    assert_eq!(pairs.filter(is_searched).count(), 1);
}

type Encode = fn(&str) -> String;

/// The encodings in which a server may echo a secret, with their names.
const ENCODINGS: [(&str, Encode); 11] = [
    ("plain", str::to_owned),
    ("component", |secret| percent_encode(secret, "-_.~!*'()")),
    ("form", |secret| {
        percent_encode(secret, "-_.*").replace("%20", "+")
    }),
    ("double", |secret| {
        percent_encode(&percent_encode(secret, ""), "")
    }),
    ("JSON", json),
    ("Gson", |secret| {
        let units = secret.encode_utf16();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    }),
    ("HTML", |secret| {
        secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
            .replace('\'', "&apos;")
    }),
    ("HTML numbers", |secret| {
        let numbers = secret.chars().map(u32::from);
        numbers.map(|number| format!("&#{number};")).collect()
    }),
    ("Base64", |secret| STANDARD.encode(secret)),
    ("Base64 for URLs", |secret| URL_SAFE.encode(secret)),
    ("JSON of a URL", |secret| {
        percent_encode(secret, "").replace('%', "\\u0025")
    }),
];

fn json(secret: &str) -> String {
    let json = serde_json::Value::from(secret).to_string();
    let inner = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    inner.unwrap().to_owned()
}

proptest! {
    #[test]
    fn no_part_of_an_echoed_secret_is_left_unmasked(
        secrets in prop::collection::vec("[!-~äé€😀]([ -~äé€😀]{4,20})[!-~äé€😀]", 1..4),
        echoes in prop::collection::vec((select(&ENCODINGS), any::<Index>()), 1..5),
        words in "[G-Z]{0,3}",
    ) {
        let own: Vec<Secret> = secrets.iter().map(|secret| Secret::from(secret.as_str())).collect();
        let masks: Vec<Mask> = own.iter().map(|secret| Mask::new([secret])).collect();
        let masks: Vec<&Mask> = masks.iter().collect();
        let mut text = words.clone();
        for ((_, encode), index) in &echoes {
            text += &format!("[{}]{words}", encode(index.get::<String>(&secrets)));
        }
        let left = mask(text.clone(), &masks);
        let expected = words.clone() + &format!("[•••]{words}").repeat(echoes.len());
        prop_assert_eq!(left, expected, "{}", text);
    }

    #[test]
    fn masking_leaves_text_without_a_secret_unchanged(text in r#"([%\\&#;+ 0-9a-f]|\PC)*"#) {
        prop_assert_eq!(masked("\u{1}\u{2}QUITE-ANOTHER", &text), text);
    }

    #[test]
    fn masking_never_panics(secret in r#"([%\\&#;+ 0-9a-f]|\PC)*"#, text in r#"([%\\&#;+ 0-9a-f]|\PC)*"#) {
        let left = masked(&secret, &format!("{text}{secret}{text}"));
        prop_assert!(secret.len() < MIN_SECRET_LENGTH || left.contains(MASK));
    }
}
