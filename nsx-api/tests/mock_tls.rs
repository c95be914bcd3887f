//! The certificates of the mock manager: those that it presents and those that it requests.

use std::sync::{Arc, Mutex};

use nsx_api::mock::{Certificate, Manager};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, HandshakeKind, SignatureScheme};

use crate::mock_common::raw_client::{
    basic, connect, der, exchange, provider, send_as, tls, token,
};
use crate::mock_common::transports;

#[tokio::test]
async fn mock_manager_accepts_a_client_certificate_without_other_credentials() {
    for (builder, version) in transports().into_iter().take(2) {
        let manager = builder.client_certificates().start().await.unwrap();
        let identity = manager.issue_client_certificate().unwrap();
        let wrong = || token().header("authorization", "Bearer x");
        for (identity, request, expected) in [
            (Some(&identity), token(), 200),
            (Some(&identity), wrong(), 403),
            (Some(&identity), token().header("cookie", "lb=1"), 403),
            (
                Some(&identity),
                token().header("authorization", basic(&manager)),
                200,
            ),
            (None, token(), 403),
            (None, token().header("authorization", basic(&manager)), 200),
        ] {
            let shown = format!("{version:?} {request:?}");
            let reply = send_as(&manager, identity, request, "").await.unwrap();
            assert_eq!(reply.status, expected, "{shown}");
            let presented = manager.requests().pop().unwrap().client_certificate;
            let expected = identity.map(|identity| der(&identity.certificate_pem));
            assert_eq!(presented.as_deref(), expected.as_deref(), "{shown}");
        }
        let other = manager.issue_client_certificate().unwrap();
        assert_ne!(other.certificate_pem, identity.certificate_pem);
    }
}

#[tokio::test]
async fn mock_manager_refuses_a_client_certificate_of_another_ca_in_the_tls_handshake() {
    let manager = Manager::builder()
        .client_certificates()
        .start()
        .await
        .unwrap();
    let other = Manager::builder()
        .client_certificates()
        .start()
        .await
        .unwrap();
    let identity = other.issue_client_certificate().unwrap();
    assert!(
        send_as(&manager, Some(&identity), token(), "")
            .await
            .is_err()
    );
    assert_eq!(manager.count(), 0);
}

#[tokio::test]
async fn mock_manager_resumed_tls_session_keeps_its_client_certificate() {
    let builder = Manager::builder().http1_only().client_certificates();
    let manager = builder.start().await.unwrap();
    let identity = manager.issue_client_certificate().unwrap();
    let config = Arc::new(tls(&manager, Some(&identity)));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let stream = connect(&manager, Arc::clone(&config), "localhost")
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
        let request = token().body(String::new()).unwrap();
        assert_eq!(exchange(stream, request).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn mock_manager_issues_client_certificates_only_when_it_requests_them() {
    for (builder, why) in [
        (Manager::builder(), "does not request client certificates"),
        (
            Manager::builder().client_certificates().plain_http(),
            "over plain HTTP",
        ),
    ] {
        let manager = builder.start().await.unwrap();
        let error = manager.issue_client_certificate().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

/// Accepts any certificate and records it.
#[derive(Debug, Default)]
struct CertificateRecorder(Mutex<Option<CertificateDer<'static>>>);

impl ServerCertVerifier for CertificateRecorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(leaf.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, leaf, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, leaf, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The certificate that a manager presents.
async fn presented_certificate(manager: &Manager) -> CertificateDer<'static> {
    let recorder = Arc::new(CertificateRecorder::default());
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&recorder) as _)
        .with_no_client_auth();
    connect(manager, config.into(), "localhost").await.unwrap();
    recorder.0.lock().unwrap().take().unwrap()
}

#[tokio::test]
async fn mock_manager_certificate_kinds_are_each_refused_for_their_own_reason() {
    for (certificate, name, reason) in [
        (Certificate::Issued, "localhost", None),
        (
            Certificate::Issued,
            "other.example",
            Some("not valid for name"),
        ),
        (Certificate::SelfSigned, "127.0.0.1", None),
        (
            Certificate::SelfSignedCa,
            "localhost",
            Some("CaUsedAsEndEntity"),
        ),
        (Certificate::Expired, "localhost", Some("expired")),
        (Certificate::OtherName, "other.example", None),
        (
            Certificate::OtherName,
            "localhost",
            Some("not valid for name"),
        ),
    ] {
        let builder = Manager::builder().certificate(certificate);
        let manager = builder.start().await.unwrap();
        let connected = connect(&manager, tls(&manager, None).into(), name).await;
        match (connected, reason) {
            (Ok(_), None) => {}
            (Err(error), Some(reason)) => {
                assert!(
                    error.to_string().contains(reason),
                    "{certificate:?}: {error}"
                );
            }
            (connected, _) => panic!("{certificate:?} {name}: {connected:?}"),
        }
        assert_eq!(
            presented_certificate(&manager).await,
            der(manager.certificate_pem())
        );
        let self_signed = matches!(
            certificate,
            Certificate::SelfSigned | Certificate::SelfSignedCa
        );
        assert_eq!(manager.ca_pem() == manager.certificate_pem(), self_signed);
    }
}

#[tokio::test]
async fn mock_manager_with_a_self_signed_certificate_issues_client_certificates() {
    let builder = Manager::builder().certificate(Certificate::SelfSigned);
    let manager = builder.client_certificates().start().await.unwrap();
    let identity = manager.issue_client_certificate().unwrap();
    let reply = send_as(&manager, Some(&identity), token(), "")
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
}
