//! The peer: `bench/cold/peer/handler.py` on boto3, under AWS's own runtime client for Python.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use steward_sim::binaries;
use steward_sim::python::{Environment, PythonError};

use crate::package::{self, Member, PackageError};

/// The AWS SDK for Python. It wants a botocore of its own version.
pub const BOTO3: &str = "1.44.5";
/// What runs a handler in Lambda's images for Python.
pub const RUNTIME_CLIENT: &str = "4.2.2";
/// What is uploaded with the handler where a team brings a boto3 of its own, as AWS recommends.
const BUNDLED: [&str; 7] = ["boto3", "botocore", "dateutil", "jmespath", "s3transfer", "urllib3", "six.py"];
/// Where the packages are, and the interpreter's version.
const WHERE: &str =
    "import platform, sysconfig; print(sysconfig.get_path('purelib')); print(platform.python_version())";
/// As AWS's image starts a handler.
const MAIN: &str =
    "import sys\nfrom awslambdaric.__main__ import main\nmain([sys.argv[0], 'handler.handler'])\n";

/// Why there is no peer.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It cannot be installed.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// What the interpreter says of itself.
    #[error("python says where its packages are in no UTF-8: {0}")]
    Said(#[from] FromUtf8Error),
    /// A file.
    #[error("cannot write {path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A package.
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// The peer, ready to be started.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its program.
    pub bootstrap: PathBuf,
    /// What would be uploaded.
    pub package: Vec<Member>,
    /// The roots of the world, as botocore brings them.
    pub roots: PathBuf,
    /// Of the interpreter.
    pub python: String,
}

impl Peer {
    /// Installs it if need be, once, below `target/tools`, and writes its program below `folder`.
    ///
    /// # Errors
    ///
    /// Where there is no Python with venv, `PyPI` is out of reach, or a file cannot be written.
    pub fn ready(folder: &Path) -> Result<Self, PeerError> {
        let name = format!("peer-boto3-{BOTO3}-awslambdaric-{RUNTIME_CLIENT}");
        let packages = [
            format!("boto3=={BOTO3}"),
            format!("botocore=={BOTO3}"),
            format!("awslambdaric=={RUNTIME_CLIENT}"),
        ];
        let environment = Environment::ready(&name, &packages.each_ref().map(String::as_str))?;
        let said = String::from_utf8(environment.run(&["-c", WHERE])?)?;
        let (site, python) = said.trim().split_once('\n').unwrap_or((said.trim(), "unknown"));
        let site = PathBuf::from(site);
        let source = binaries::workspace().join("bench/cold/peer/handler.py");
        let handler = folder.join("handler.py");
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| PeerError::File { path, source }
        };
        fs::create_dir_all(folder).map_err(at(folder))?;
        fs::copy(&source, &handler).map_err(at(&handler))?;
        let bootstrap = folder.join("bootstrap");
        // Run by its first line: no shell stands between.
        let program = format!("#!{}\n{MAIN}", environment.program("python").display());
        fs::write(&bootstrap, program).map_err(at(&bootstrap))?;
        fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).map_err(at(&bootstrap))?;
        let mut package = vec![("handler.py".to_owned(), handler)];
        for bundled in BUNDLED {
            let path = site.join(bundled);
            if path.is_file() {
                package.push((bundled.to_owned(), path));
            } else {
                package.extend(package::members(&site, &path)?);
            }
        }
        Ok(Self { bootstrap, package, roots: site.join("botocore/cacert.pem"), python: python.to_owned() })
    }
}
