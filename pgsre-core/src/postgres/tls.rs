//! TLS as libpq's `sslmode` and `sslrootcert` mean it, over rustls.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::{RootCertificates, SslMode, TlsSettings};
use super::error::{PostgresError, PostgresErrorKind};
use verifier::Verifier;

mod verifier;

/// What makes TLS connections under these settings; `None` where none are wanted.
///
/// Reads certificate files, so it may block for some milliseconds.
pub(super) fn connector(
    settings: &TlsSettings,
) -> Result<Option<MakeRustlsConnect>, PostgresError> {
    if settings.mode == SslMode::Disable {
        return Ok(None);
    }
    // Given explicitly: the process's default belongs to whoever embeds us.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = verifier(settings, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings))
        .map_err(|error| tls("no TLS protocol version fits", error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match client_identity(settings)? {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| tls("the client certificate and its key cannot be used", error))?,
        None => builder.with_no_client_auth(),
    };
    config.enable_sni = settings.send_server_name;
    if settings.direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(Some(MakeRustlsConnect::new(config)))
}

fn versions(settings: &TlsSettings) -> Vec<&'static SupportedProtocolVersion> {
    let wanted = |version: &SupportedProtocolVersion| {
        !(settings.only_tls12 && version.version != ProtocolVersion::TLSv1_2
            || settings.only_tls13 && version.version != ProtocolVersion::TLSv1_3)
    };
    rustls::ALL_VERSIONS.iter().copied().filter(|version| wanted(version)).collect()
}

/// As libpq: wherever root certificates are known they are used, whatever the mode; the name is
/// checked under `verify-full` only.
fn verifier(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, PostgresError> {
    let roots = root_certificates(settings)?;
    let chain = match &roots {
        None => None,
        Some(roots) => Some(chain_verifier(roots, provider)?),
    };
    Ok(Verifier::new(
        chain,
        roots.unwrap_or_default(),
        settings.mode == SslMode::VerifyFull,
        provider.signature_verification_algorithms,
    ))
}

fn chain_verifier(
    roots: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, PostgresError> {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(roots.iter().cloned());
    if added == 0 {
        return Err(PostgresError::new(
            PostgresErrorKind::Tls,
            "there is no usable root certificate to check the server's against",
        ));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|error| tls("the root certificates cannot be used", error))
}

/// The trusted certificates; `None` where the server's is not to be checked.
fn root_certificates(
    settings: &TlsSettings,
) -> Result<Option<Vec<CertificateDer<'static>>>, PostgresError> {
    let must_verify = settings.mode >= SslMode::VerifyCa;
    match &settings.roots {
        RootCertificates::File(path) if must_verify || path.exists() => {
            read_certificates(path).map(Some)
        }
        RootCertificates::System => Ok(Some(system_certificates())),
        RootCertificates::Unset if must_verify => Ok(Some(system_certificates())),
        RootCertificates::File(_) | RootCertificates::Unset => Ok(None),
    }
}

fn system_certificates() -> Vec<CertificateDer<'static>> {
    let loaded = rustls_native_certs::load_native_certs();
    for error in &loaded.errors {
        tracing::debug!(%error, "a system root certificate could not be loaded");
    }
    loaded.certs
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PostgresError> {
    let context = || format!("cannot read certificates from {}", path.display());
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| tls(context(), error))?;
    if certificates.is_empty() {
        return Err(PostgresError::new(
            PostgresErrorKind::Tls,
            format!("{}: it holds none in PEM form", context()),
        ));
    }
    Ok(certificates)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client_identity(settings: &TlsSettings) -> Result<Option<Identity>, PostgresError> {
    let Some(certificate) = &settings.certificate else { return Ok(None) };
    let key = settings.key.as_ref().ok_or_else(|| {
        PostgresError::new(
            PostgresErrorKind::Tls,
            format!("the client certificate {} has no key: give sslkey", certificate.display()),
        )
    })?;
    let chain = read_certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| tls(format!("cannot read a private key from {}", key.display()), error))?;
    Ok(Some((chain, private)))
}

fn tls(
    context: impl Into<String>,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> PostgresError {
    PostgresError::new(PostgresErrorKind::Tls, context).with_cause(cause)
}
