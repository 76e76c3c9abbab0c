//! A certificate that this run makes, and the bundle of roots by which programs trust it.
//!
//! The bundle has the public roots beside ours, as the image of Lambda has some 140 of them: to read them is a part of every
//! start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig, crypto::ring};

/// The host of all stand-ins.
pub const HOST: &str = "localhost";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate.
    #[error("no certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The bundle.
    #[error("cannot read or write {path}: {source}", path = path.display())]
    Bundle {
        /// A file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A server's identity, and who trusts it.
pub struct Identity {
    /// A file of certificates: ours behind the public ones.
    pub bundle: PathBuf,
    leaf: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// Makes one, and writes the bundle below `folder`; `public` are the roots of the world.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read or written.
    pub fn make(folder: &Path, public: Option<&Path>) -> Result<Self, TlsError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| TlsError::Bundle { path, source }
        };
        let authority = authority()?;
        let root = authority.self_signed;
        let mut roots = match public {
            Some(path) => fs::read_to_string(path).map_err(at(path))?,
            None => String::new(),
        };
        roots.push('\n');
        roots.push_str(&root.pem());
        fs::create_dir_all(folder).map_err(at(folder))?;
        let bundle = folder.join("roots.pem");
        fs::write(&bundle, roots).map_err(at(&bundle))?;
        let (leaf, key) = leaf(&authority.issuer)?;
        Ok(Self { bundle, leaf: leaf.der().clone(), key: key.serialize_der().into() })
    }

    /// TLS of one server, which resumes no session of another's.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, rustls::Error> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![self.leaf.clone()], self.key.clone_key().into())?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

struct Authority {
    self_signed: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> Result<Authority, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Steward's benchmark");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    Ok(Authority { self_signed: params.self_signed(&key)?, issuer: Issuer::new(params, key) })
}

fn leaf(issuer: &Issuer<'static, KeyPair>) -> Result<(rcgen::Certificate, KeyPair), rcgen::Error> {
    let mut params = CertificateParams::new(vec![HOST.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, HOST);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, issuer)?, key))
}
