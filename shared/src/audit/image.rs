//! Names of images.

/// An image's name, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Image<'i> {
    /// The registry's host, where one is named.
    pub(super) host: Option<&'i str>,
    /// Behind the host.
    pub(super) repository: &'i str,
    /// The tag, where one is named.
    pub(super) tag: Option<&'i str>,
    /// Whether a digest is named.
    pub(super) has_digest: bool,
}

/// A repository of Amazon ECR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EcrRepository<'i> {
    pub(super) account: &'i str,
    pub(super) region: &'i str,
    pub(super) name: &'i str,
}

impl<'i> Image<'i> {
    /// Takes `host/repository:tag@digest` apart.
    pub(super) fn of(text: &'i str) -> Self {
        let (name, has_digest) = match text.split_once('@') {
            Some((name, _)) => (name, true),
            None => (text, false),
        };
        // A first part with a dot or a port is a host.
        let (host, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
            _ => (None, name),
        };
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        Self { host, repository, tag, has_digest }
    }

    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, or the same in another partition or with FIPS.
    pub(super) fn ecr(self) -> Option<EcrRepository<'i>> {
        let (account, rest) = self.host?.split_once(".dkr.ecr")?;
        let (region, domain) =
            rest.strip_prefix("-fips").unwrap_or(rest).strip_prefix('.')?.split_once('.')?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (is_account && domain.starts_with("amazonaws.")).then_some(EcrRepository {
            account,
            region,
            name: self.repository,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart() {
        for (text, host, repository, tag, has_digest) in [
            ("nginx", None, "nginx", None, false),
            ("team/nginx:1.27", None, "team/nginx", Some("1.27"), false),
            ("localhost:5000/a/b", Some("localhost:5000"), "a/b", None, false),
            ("public.ecr.aws/x/y:latest@sha256:ab", Some("public.ecr.aws"), "x/y", Some("latest"), true),
            ("", None, "", None, false),
        ] {
            assert_eq!(Image::of(text), Image { host, repository, tag, has_digest }, "{text}");
        }
    }

    #[test]
    fn private_repositories_of_ecr_are_known() {
        for (text, expected) in [
            (
                "123456789012.dkr.ecr.eu-central-1.amazonaws.com/a/b:1",
                Some(("123456789012", "eu-central-1", "a/b")),
            ),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a", Some(("123456789012", "cn-north-1", "a"))),
            ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/a", Some(("123456789012", "us-east-1", "a"))),
            ("public.ecr.aws/a/b", None),
            ("x.dkr.ecr.eu-central-1.amazonaws.com/a", None),
        ] {
            let found = Image::of(text).ecr().map(|found| (found.account, found.region, found.name));
            assert_eq!(found, expected, "{text}");
        }
    }
}
