//! Client certificates: the identity that a client presents.

use std::error::Error as _;
use std::path::Path;

use nsx_api::auth::Identity;
use nsx_api::{Client, ErrorKind};
use rustls::ServerConfig;
use rustls::version::TLS12;

use crate::tls_server::{
    Authority, EC_PKCS8, EC_SEC1, ENCRYPTED_PKCS1, ENCRYPTED_PKCS8, ENCRYPTED_SEC1, Leaf,
    RSA_PKCS1, RSA_PKCS8, Server, call, config, config_with_versions, expired, server_params,
};

#[tokio::test]
async fn identity_certificate_is_presented_for_each_private_key_format() {
    let authority = Authority::new("clients");
    let leaf = Leaf::self_signed(&server_params());
    let server = Server::start(config(&leaf, Some(&authority))).await;
    let folder = tempfile::tempdir().unwrap();
    let [certificate_path, key_path, both_path] =
        ["client.pem", "key.pem", "both.pem"].map(|name| folder.path().join(name));
    for (pkcs8, given) in [
        (RSA_PKCS8, RSA_PKCS8),
        (RSA_PKCS8, RSA_PKCS1),
        (EC_PKCS8, EC_PKCS8),
        (EC_PKCS8, EC_SEC1),
    ] {
        let client = authority.issue_for(&server_params(), pkcs8);
        let chain = format!("{}{}", client.pem, authority.pem());
        let both = format!("{given}{chain}");
        std::fs::write(&certificate_path, &chain).unwrap();
        std::fs::write(&key_path, given).unwrap();
        std::fs::write(&both_path, &both).unwrap();
        for identity in [
            Identity::from_pem(client.pem.clone(), given),
            Identity::from_pem(chain.clone(), format!("\u{FEFF}{given}")),
            Identity::from_pem(both.clone(), both.clone()),
            Identity::from_pem_files(&certificate_path, &key_path),
            Identity::from_pem_files(&both_path, &both_path),
        ] {
            let before = server.seen().len();
            let builder = Client::builder(server.url()).pin_certificate(leaf.pem.clone());
            assert_eq!(call(builder.identity(identity)).await.unwrap(), 200);
            let seen = server.client_certificates().split_off(before);
            assert_eq!(seen, [Some(client.der.clone())]);
        }
    }
}

/// Three servers: HTTP/1.1, HTTP/2, and TLS 1.2. A refusal arrives differently with each.
fn ways(leaf: &Leaf, authority: &Authority) -> [ServerConfig; 3] {
    let [mut http1, mut http2] = [(); 2].map(|()| config(leaf, Some(authority)));
    http1.alpn_protocols = vec![b"http/1.1".to_vec()];
    http2.alpn_protocols = vec![b"h2".to_vec()];
    [
        http1,
        http2,
        config_with_versions(&[&TLS12], leaf, Some(authority)),
    ]
}

#[tokio::test]
async fn refused_client_certificate_is_a_tls_error_with_the_reason() {
    let authority = Authority::new("clients");
    let stranger = Authority::new("strangers");
    let leaf = Leaf::self_signed(&server_params());
    let identity = |client: &Leaf| Some(Identity::from_pem(client.pem.clone(), EC_SEC1));
    for (index, config) in ways(&leaf, &authority).into_iter().enumerate() {
        let server = Server::start(config).await;
        for (identity, alert, words) in [
            (
                None,
                "CertificateRequired",
                "the manager requires a client certificate",
            ),
            (
                identity(&stranger.issue_for(&server_params(), EC_PKCS8)),
                "UnknownCA",
                "the CA that signed it is not trusted",
            ),
            (
                identity(&authority.issue_for(&expired(server_params()), EC_PKCS8)),
                "CertificateExpired",
                "it has expired",
            ),
        ] {
            let mut builder = Client::builder(server.url()).pin_certificate(leaf.pem.clone());
            if let Some(identity) = identity {
                builder = builder.identity(identity);
            }
            let error = call(builder).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Tls, "{index} {alert}: {error}");
            assert_eq!(error.attempts(), 1);
            let line = error.to_string();
            assert!(line.contains(words) && line.contains(alert), "{line}");
            assert!(error.source().is_some());
            assert_eq!(server.seen(), []);
        }
    }
}

#[test]
fn unusable_identity_is_refused_with_the_reason_and_shows_no_secret() {
    let leaf = Leaf::self_signed(&server_params());
    let other = Leaf::self_signed(&server_params()).key_pem;
    let two = format!("{}{other}", leaf.key_pem);
    let openssh =
        "-----BEGIN OPENSSH PRIVATE KEY-----\nU0VDUkVU\n-----END OPENSSH PRIVATE KEY-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n";
    let no_base64 = "-----BEGIN PRIVATE KEY-----\n!SECRET!\n-----END PRIVATE KEY-----\n";
    let decrypt = "`openssl pkey -in encrypted.pem -out key.pem`";
    let folder = tempfile::tempdir().unwrap();
    let [certificate_path, key_path] =
        ["client.pem", "key.pem"].map(|name| folder.path().join(name));
    for (certificate, key, is_key, reason) in [
        (leaf.pem.as_str(), ENCRYPTED_PKCS8, true, decrypt),
        (&leaf.pem, ENCRYPTED_PKCS1, true, decrypt),
        (&leaf.pem, ENCRYPTED_SEC1, true, decrypt),
        (
            &leaf.pem,
            &other,
            true,
            "does not match the first certificate of the client",
        ),
        (&leaf.pem, &two, true, "contains 2 private keys"),
        (&leaf.pem, "", true, "contains no private key"),
        (
            &leaf.pem,
            &leaf.pem,
            true,
            "only a certificate: check that this is the right file",
        ),
        (&leaf.pem, openssh, true, "`ssh-keygen -p -m PEM`"),
        (&leaf.pem, no_key, true, "contains an unsupported key"),
        (&leaf.pem, no_base64, true, "is not base64"),
        (
            &leaf.key_pem,
            &leaf.key_pem,
            false,
            "only a private key: check that this is the right file",
        ),
        (no_base64, &leaf.key_pem, false, "is not base64"),
        ("SECRET", &leaf.key_pem, false, "contains no certificate"),
    ] {
        std::fs::write(&certificate_path, certificate).unwrap();
        std::fs::write(&key_path, key).unwrap();
        let (what, path) = match is_key {
            true => ("client key", &key_path),
            false => ("client certificate", &certificate_path),
        };
        for (identity, name) in [
            (
                Identity::from_pem(certificate, key),
                format!("the {what} given as PEM "),
            ),
            (
                Identity::from_pem_files(&certificate_path, &key_path),
                format!("the {what} file {} ", path.display()),
            ),
        ] {
            let builder = Client::builder("nsx").identity(identity.clone());
            let mut shown = format!("{identity:?} {builder:?}");
            let error = builder.build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let line = error.to_string();
            assert!(line.starts_with(&name) && line.contains(reason), "{line}");
            shown.push_str(&format!("{error} {error:?}"));
            assert_shows_none_of(&shown, key);
        }
    }
}

/// Asserts that neither the key's base64 nor any of the secret texts is shown.
fn assert_shows_none_of(shown: &str, key: &str) {
    let lines = key
        .lines()
        .filter(|line| !line.is_empty() && !line.contains(['-', ':']));
    for secret in lines.chain(["SECRET", "U0VDUkVU", "83, 69, 67"]) {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn missing_identity_certificate_files_are_named() {
    let leaf = Leaf::self_signed(&server_params());
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there.pem");
    std::fs::write(&there, format!("{}{}", leaf.pem, leaf.key_pem)).unwrap();
    let missing = Path::new("/does/not/exist.pem");
    for (certificate, key, name) in [
        (missing, there.as_path(), "the client certificate file"),
        (&there, missing, "the client key file"),
    ] {
        let identity = Identity::from_pem_files(certificate, key);
        let error = Client::builder("nsx")
            .identity(identity)
            .build()
            .unwrap_err();
        let start = format!("{name} /does/not/exist.pem cannot be read: ");
        assert!(error.to_string().starts_with(&start), "{error}");
    }
}

#[test]
fn identity_certificate_over_plain_http_is_a_contradiction() {
    let leaf = Leaf::self_signed(&server_params());
    let identity = Identity::from_pem(leaf.pem, leaf.key_pem);
    let error = Client::builder("http://127.0.0.1")
        .identity(identity)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error
            .to_string()
            .contains("a client certificate has no effect")
    );
}
