//! TLS with a certificate of our own, for clients that insist on HTTPS.
//!
//! An authority is made for one run; it signs one certificate for the names under which the emulator
//! is reached, and its key is dropped. Whoever trusts the authority's certificate (`AWS_CA_BUNDLE`)
//! therefore trusts this run and nothing else. A certificate that signed itself and also served would
//! be simpler, but TLS libraries disagree on whether such a one can be trusted.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

use crate::base::Timestamp;

/// How long the certificates are good for: the longest that clients take (Apple's 825 days).
const VALID_FOR: Duration = Duration::from_secs(825 * 86_400);
/// How long they have been good already: clocks of containers differ.
const VALID_BEFORE: Duration = Duration::from_secs(86_400);

/// The server's side of TLS. Clones share everything.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    authority: Arc<str>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// It could not be used.
    #[error("cannot use the certificate: {0}")]
    Server(#[from] tokio_rustls::rustls::Error),
}

impl Tls {
    /// TLS for this machine's names, `addresses`, and `domains` with the names below them.
    ///
    /// # Errors
    /// When a domain is no name for a certificate.
    pub fn self_signed(
        now: Timestamp,
        addresses: &[IpAddr],
        domains: &[String],
    ) -> Result<Self, Error> {
        let named = |name: &str, names: Vec<String>| -> Result<CertificateParams, rcgen::Error> {
            let mut params = CertificateParams::new(names)?;
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            let now = SystemTime::UNIX_EPOCH
                + Duration::from_secs(u64::try_from(now.secs()).unwrap_or(0));
            params.not_before = now.checked_sub(VALID_BEFORE).unwrap_or(now).into();
            params.not_after = (now + VALID_FOR).into();
            Ok(params)
        };
        let mut authority = named("windfarm (this run only)", Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::from_params(&authority, authority_key);

        let mut server = named("windfarm", names(addresses, domains))?;
        server.is_ca = IsCa::ExplicitNoCa;
        server.use_authority_key_identifier_extension = true;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server_key = KeyPair::generate()?;
        let certificate = server.signed_by(&server_key, &issuer)?;

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            authority: authority_certificate.pem().into(),
        })
    }

    /// The certificate to trust, in PEM: what `AWS_CA_BUNDLE` is to name.
    pub fn authority_pem(&self) -> &str {
        &self.authority
    }

    /// The handshake on a new connection.
    ///
    /// # Errors
    /// When the client does not speak TLS, or does not trust the certificate.
    pub async fn accept<I>(&self, io: I) -> io::Result<TlsStream<I>>
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        self.acceptor.accept(io).await
    }
}

/// Names and addresses for the certificate: those of this machine, and what was asked for.
///
/// Wildcards stand for one label, so a bucket with dots in its name is addressed path style. Some
/// libraries (OpenSSL) take no wildcard right below a top-level name such as `*.localhost`.
fn names(addresses: &[IpAddr], domains: &[String]) -> Vec<String> {
    let own = ["localhost", "localhost.localstack.cloud"].map(str::to_owned);
    let mut names: Vec<String> = own
        .iter()
        .chain(domains)
        .flat_map(|domain| {
            [
                domain.clone(),
                format!("*.{domain}"),
                format!("*.s3.{domain}"),
            ]
        })
        .collect();
    names.extend(["127.0.0.1", "::1"].map(str::to_owned));
    names.extend(
        addresses
            .iter()
            .filter(|address| !address.is_unspecified())
            .map(IpAddr::to_string),
    );
    names.sort();
    names.dedup();
    names
}
