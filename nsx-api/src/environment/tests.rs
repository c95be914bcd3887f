use std::collections::HashMap;

use super::*;
use crate::ErrorKind;

const HOST_AND_USER: &[(&str, &str)] = &[
    (HOST, "nsx.example.com"),
    (USERNAME, "ann"),
    (PASSWORD, "SECRET"),
];

fn read(variables: &[(&str, &str)]) -> Result<Config, Error> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    Config::from_variables(&|name| variables.get(name).map(OsString::from))
}

fn with_user(more: &[(&'static str, &'static str)]) -> Result<Config, Error> {
    read(&[HOST_AND_USER, more].concat())
}

fn scheme(config: &Config) -> Option<&'static str> {
    config.scheme.as_ref().map(|scheme| scheme.name())
}

#[test]
fn env_selects_session_basic_or_remote_auth_for_a_user() {
    for (more, expected) in [
        (&[][..], "Session"),
        (&[(SESSION_AUTH, "true")], "Session"),
        (&[(SESSION_AUTH, "")], "Session"),
        (&[(SESSION_AUTH, "false")], "Basic"),
        (&[(SESSION_AUTH, "F")], "Basic"),
        (&[(REMOTE_AUTH, "1")], "Remote"),
        (&[(REMOTE_AUTH, "True"), (SESSION_AUTH, "0")], "Remote"),
        (&[(REMOTE_AUTH, "false")], "Session"),
    ] {
        let config = with_user(more).unwrap();
        assert_eq!(scheme(&config), Some(expected), "{more:?}");
        assert!(config.build().is_ok());
    }
}

#[test]
fn env_sets_the_host_that_exchanges_the_vmc_token() {
    for (place, shown) in [
        (None, "console.cloud.vmware.com"),
        (Some("csp.example.com"), "csp.example.com"),
        (
            Some("csp.example.com:8443/auth/x?y"),
            "csp.example.com:8443",
        ),
        (Some("http://127.0.0.1:80/x"), "127.0.0.1"),
    ] {
        let mut variables = vec![(HOST, "nsx.example.com"), (VMC_TOKEN, "SECRET")];
        variables.extend(place.map(|place| (VMC_AUTH_HOST, place)));
        let config = read(&variables).unwrap();
        assert_eq!(scheme(&config), Some("Csp"), "{shown}");
        assert!(config.build().is_ok());
    }
}

#[test]
fn env_sets_retries_and_tls_trust() {
    let config = with_user(&[
        (MAX_RETRIES, "9"),
        (RETRY_MIN_DELAY, "500"),
        (RETRY_MAX_DELAY, "5000"),
        (ALLOW_UNVERIFIED_SSL, "true"),
    ])
    .unwrap();
    assert_eq!(config.options.effective_max_retries(), 9);
    assert_eq!(
        config.options.effective_retry_delay(),
        (Duration::from_millis(500), Duration::from_millis(5000))
    );
    assert!(
        format!("{config:?}").contains("danger_accept_invalid_certs: true"),
        "{config:?}"
    );
    let usual = with_user(&[]).unwrap();
    assert_eq!(usual.options.effective_max_retries(), 4);
    assert!(
        format!("{usual:?}").contains("danger_accept_invalid_certs: false"),
        "{usual:?}"
    );
}

#[test]
fn env_errors_name_missing_invalid_and_contradicting_variables() {
    let user = &HOST_AND_USER[1..];
    let host = &HOST_AND_USER[..1];
    let token = (VMC_TOKEN, "SECRET");
    for (variables, message) in [
        (user.to_vec(), "NSXT_MANAGER_HOST is not set or is empty"),
        (
            [&[(HOST, "")], user].concat(),
            "NSXT_MANAGER_HOST is not set or is empty",
        ),
        (
            [&[(HOST, "https://a b")], user].concat(),
            "NSXT_MANAGER_HOST: the address contains white space",
        ),
        (
            [&[(HOST, "ann:SECRET@nsx")], user].concat(),
            "NSXT_MANAGER_HOST: the address contains a user",
        ),
        (
            host.to_vec(),
            "there are no credentials: set NSXT_USERNAME and NSXT_PASSWORD, or ",
        ),
        (
            HOST_AND_USER[..2].to_vec(),
            "NSXT_PASSWORD is not set, but NSXT_USERNAME is",
        ),
        (
            [host, &[(PASSWORD, "SECRET")]].concat(),
            "NSXT_USERNAME is not set, but NSXT_PASSWORD is",
        ),
        (
            [HOST_AND_USER, &[(SESSION_AUTH, "maybe")]].concat(),
            "NSXT_SESSION_AUTH is neither true nor false",
        ),
        (
            [HOST_AND_USER, &[(ALLOW_UNVERIFIED_SSL, "TRUE ")]].concat(),
            "NSXT_ALLOW_UNVERIFIED_SSL is neither",
        ),
        (
            [HOST_AND_USER, &[(SESSION_AUTH, "1"), (REMOTE_AUTH, "1")]].concat(),
            "NSXT_SESSION_AUTH and NSXT_REMOTE_AUTH are both set",
        ),
        (
            [HOST_AND_USER, &[token]].concat(),
            "NSXT_VMC_TOKEN and NSXT_USERNAME are both set",
        ),
        (
            [host, &[token, (SESSION_AUTH, "true")]].concat(),
            "NSXT_VMC_TOKEN and NSXT_SESSION_AUTH are both set",
        ),
        (
            [host, &[token, (REMOTE_AUTH, "true")]].concat(),
            "NSXT_VMC_TOKEN and NSXT_REMOTE_AUTH are both set",
        ),
        (
            [HOST_AND_USER, &[(VMC_AUTH_HOST, "csp")]].concat(),
            "NSXT_VMC_AUTH_HOST is set, but NSXT_VMC_TOKEN is not",
        ),
        (
            [host, &[token, (VMC_AUTH_HOST, "http://csp.example.com")]].concat(),
            "NSXT_VMC_AUTH_HOST: plain http://",
        ),
        (
            [host, &[token, (VMC_AUTH_HOST, "a b")]].concat(),
            "NSXT_VMC_AUTH_HOST: the address contains white space",
        ),
        (
            [host, &[(VMC_TOKEN, "SEC\nRET")]].concat(),
            "NSXT_VMC_TOKEN: the API token is empty or contains a character",
        ),
        (
            [HOST_AND_USER, &[(CERT_FILE, "/no/cert.pem")]].concat(),
            "NSXT_CLIENT_AUTH_KEY_FILE is not set, but NSXT_CLIENT_AUTH_CERT_FILE is",
        ),
        (
            [HOST_AND_USER, &[(KEY, "SECRET")]].concat(),
            "NSXT_CLIENT_AUTH_CERT is not set, but NSXT_CLIENT_AUTH_KEY is",
        ),
        (
            [HOST_AND_USER, &[(CERT_FILE, "a"), (CERT, "b")]].concat(),
            "NSXT_CLIENT_AUTH_CERT_FILE and NSXT_CLIENT_AUTH_CERT are both set",
        ),
        (
            [HOST_AND_USER, &[(CERT_FILE, "a"), (KEY, "SECRET")]].concat(),
            "NSXT_CLIENT_AUTH_CERT_FILE and NSXT_CLIENT_AUTH_KEY are both set",
        ),
        (
            [
                host,
                &[(CERT_FILE, "/no/cert.pem"), (KEY_FILE, "/no/key.pem")],
            ]
            .concat(),
            "NSXT_CLIENT_AUTH_CERT_FILE: the client certificate file /no/cert.pem cannot be read",
        ),
        (
            [host, &[(CERT, "nothing"), (KEY, "SECRET")]].concat(),
            "NSXT_CLIENT_AUTH_KEY: the client key given as PEM contains no private key",
        ),
        (
            [
                host,
                &[
                    (CERT_FILE, "-----BEGIN SECRET-----\nSECRET"),
                    (KEY_FILE, "/no/key.pem"),
                ],
            ]
            .concat(),
            "NSXT_CLIENT_AUTH_CERT_FILE: the path of the client certificate file is PEM, not a path: \
             pass the PEM with NSXT_CLIENT_AUTH_CERT",
        ),
        (
            [HOST_AND_USER, &[(CA_FILE, "SECRET\nSECRET")]].concat(),
            "NSXT_CA_FILE: the path of the CA file is PEM, not a path: pass the PEM with NSXT_CA",
        ),
        (
            [HOST_AND_USER, &[(CA_FILE, "/no/ca.pem")]].concat(),
            "NSXT_CA_FILE: the CA file /no/ca.pem cannot be read",
        ),
        (
            [HOST_AND_USER, &[(CA, "nothing")]].concat(),
            "NSXT_CA: the CA given as PEM contains no certificate",
        ),
        (
            [HOST_AND_USER, &[(CA, "a"), (CA_FILE, "b")]].concat(),
            "NSXT_CA_FILE and NSXT_CA are both set",
        ),
        (
            [HOST_AND_USER, &[(CA, "a"), (ALLOW_UNVERIFIED_SSL, "1")]].concat(),
            "NSXT_ALLOW_UNVERIFIED_SSL and NSXT_CA are both set",
        ),
        (
            [HOST_AND_USER, &[(HOST, "http://nsx.example.com")]].concat(),
            "NSXT_MANAGER_HOST: plain http://",
        ),
        (
            [HOST_AND_USER, &[(MAX_RETRIES, "many")]].concat(),
            "NSXT_MAX_RETRIES is not a number of retries",
        ),
        (
            [HOST_AND_USER, &[(MAX_RETRIES, "-1")]].concat(),
            "NSXT_MAX_RETRIES is not a number of retries",
        ),
        (
            [HOST_AND_USER, &[(RETRY_MIN_DELAY, "1s")]].concat(),
            "NSXT_RETRY_MIN_DELAY is not a number of milliseconds",
        ),
        (
            [HOST_AND_USER, &[(RETRY_MAX_DELAY, "0.5")]].concat(),
            "NSXT_RETRY_MAX_DELAY is not a number of milliseconds",
        ),
        (
            [HOST_AND_USER, &[(RETRY_MIN_DELAY, "10001")]].concat(),
            "NSXT_RETRY_MIN_DELAY is longer than NSXT_RETRY_MAX_DELAY, 10s",
        ),
    ] {
        let error = read(&variables).and_then(Config::build).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(
            error.to_string().starts_with(message),
            "{variables:?}: {error}"
        );
        assert!(
            !format!("{error} {error:?}").contains("SECRET"),
            "{error:?}"
        );
    }
}

#[cfg(feature = "mock")]
#[test]
fn env_errors_name_a_client_certificate_beside_other_credentials() {
    let pair = rcgen::generate_simple_self_signed(["nsx".to_owned()]).unwrap();
    let (certificate, key) = (pair.cert.pem(), pair.signing_key.serialize_pem());
    let host = HOST_AND_USER[0];
    let identity = [(CERT, certificate.as_str()), (KEY, key.as_str())];
    let with = |more: &[(&'static str, &'static str)]| {
        let variables: Vec<_> = identity.iter().chain(more).copied().collect();
        read(&variables)
    };
    let config = with(&[host, (SESSION_AUTH, "false")]).unwrap();
    assert_eq!(scheme(&config), None);
    assert!(!format!("{config:?}").contains("PRIVATE"), "{config:?}");
    assert!(config.build().is_ok());
    for (other, name) in [
        ((SESSION_AUTH, "true"), "NSXT_SESSION_AUTH"),
        ((REMOTE_AUTH, "true"), "NSXT_REMOTE_AUTH"),
        ((VMC_TOKEN, "SECRET"), "NSXT_VMC_TOKEN"),
    ] {
        let error = with(&[host, other]).unwrap_err();
        let expected = format!("NSXT_CLIENT_AUTH_CERT and {name} are both set");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    let error = with(HOST_AND_USER).unwrap_err();
    assert!(error.to_string().contains("NSXT_USERNAME"), "{error}");
}

#[cfg(unix)]
#[test]
fn env_errors_name_a_variable_that_is_not_utf8() {
    use std::os::unix::ffi::OsStringExt as _;
    let error = Config::from_variables(&|name| match name {
        PASSWORD => Some(OsString::from_vec(vec![0xFF])),
        HOST => Some("nsx".into()),
        _ => None,
    })
    .unwrap_err();
    assert_eq!(error.to_string(), "NSXT_PASSWORD is not valid UTF-8");
}

/// Runs in a child process, because a process cannot safely set its own environment.
#[cfg(unix)]
#[test]
fn env_ignores_other_variables_that_are_not_utf8() {
    use std::os::unix::ffi::OsStringExt as _;
    const NAME: &str = "environment::tests::env_ignores_other_variables_that_are_not_utf8";
    const OTHER: &str = "NSX_API_OTHER";
    if env::var_os(OTHER).is_some() {
        let config = Config::from_env().unwrap();
        assert_eq!(scheme(&config), Some("Session"));
        return;
    }
    let run = std::process::Command::new(env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env_clear()
        .env(OTHER, OsString::from_vec(vec![0xFF]))
        .envs(HOST_AND_USER.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn debug_of_a_config_shows_settings_and_no_secret() {
    let config = with_user(&[(MAX_RETRIES, "2")]).unwrap();
    let shown = format!("{config:?} {config:#?}");
    for text in ["nsx.example.com", "Session", "max_retries: Some(2)"] {
        assert!(shown.contains(text), "{shown}");
    }
    assert!(!shown.contains("SECRET"), "{shown}");
    let hidden = Config::new("https://ann:SECRET@nsx").manager("ann:SECRET@nsx");
    assert!(!format!("{hidden:?}").contains("SECRET"));
}

#[cfg(all(unix, feature = "mock"))]
#[test]
fn env_certificate_files_may_be_pipes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let pair = rcgen::generate_simple_self_signed(["nsx".to_owned()]).unwrap();
    let (pem, place) = (pair.cert.pem(), path.clone());
    let writer = std::thread::spawn(move || std::fs::write(place, pem).unwrap());
    let variables = [HOST_AND_USER, &[(CA_FILE, path.to_str().unwrap())]].concat();
    assert!(read(&variables).and_then(Config::build).is_ok());
    writer.join().unwrap();
}
