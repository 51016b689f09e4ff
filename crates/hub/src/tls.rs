//! A hub's certificate and key, read and matched before anybody is told that the hub answers: a mistake here would
//! otherwise show first on a volunteer's phone, a day's journey away.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use teranga_core::problem::Explain;

/// Why a certificate or its key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {kind}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        kind: std::io::ErrorKind,
    },
    /// The file of the certificate holds none.
    #[error("{} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The file of the key holds none.
    #[error("{} holds no private key", .0.display())]
    NoKey(PathBuf),
    /// The key is not that of the certificate.
    #[error("the key {} is not that of the certificate {}", .key.display(), .certificate.display())]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The certificate or key is of a kind that cannot be used.
    #[error("{} cannot be used: {detail}", .path.display())]
    Unusable {
        /// The file of the certificate.
        path: PathBuf,
        /// What TLS says.
        detail: String,
    },
}

impl Explain for TlsError {
    fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "file-unusable",
            Self::NoCertificate(_) => "hub-tls-no-certificate",
            Self::NoKey(_) => "hub-tls-no-key",
            Self::Mismatch { .. } => "hub-tls-mismatch",
            Self::Unusable { .. } => "hub-tls-unusable",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::File { path, kind } => vec![("path", shown(path)), ("detail", kind.to_string())],
            Self::NoCertificate(path) | Self::NoKey(path) => vec![("path", shown(path))],
            Self::Mismatch { certificate, key } => {
                vec![("path", shown(certificate)), ("other", shown(key))]
            }
            Self::Unusable { path, detail } => vec![("path", shown(path)), ("detail", detail.clone())],
        }
    }
}

/// The configuration of a server with this certificate and key, as PEM files.
pub(crate) fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| TlsError::File { path: path.to_owned(), kind: error.kind() })
    };
    let (chain_pem, key_pem) = (read(certificate)?, read(key)?);
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&chain_pem).filter_map(Result::ok).collect();
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.to_owned()));
    }
    let private = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|_| TlsError::NoKey(key.to_owned()))?;
    let built = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private);
    let mut config = built.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
        }
        other => TlsError::Unusable { path: certificate.to_owned(), detail: other.to_string() },
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
