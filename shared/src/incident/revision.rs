//! What a deployment deploys, as people name it: a revision, and the images in it.

use serde::{Deserialize, Serialize};

use crate::arn::TaskDefinitionArn;
use crate::diagnosis::is_sidecar;
use crate::event::Container;
use crate::redact::{Redacted, redact};

/// How many images of a task are kept: more say nothing to anybody.
const MAX_IMAGES: usize = 3;
/// No container's name is longer in ECS.
const MAX_NAME: usize = 255;
/// No reference is longer: 255 characters of name, 128 of tag, 71 of digest. Half of one would name something else.
const MAX_REFERENCE: usize = 456;
/// So many digits of a digest tell images apart.
const DIGEST_DIGITS: usize = 12;

/// A revision of a task definition, and what it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Family and revision.
    pub task_definition: TaskDefinitionArn,
    /// The images of its containers; empty where no task has told.
    #[serde(default)]
    pub images: Vec<Image>,
}

impl Revision {
    /// `None` where the task definition is not known.
    pub(super) fn of(task_definition: Option<&TaskDefinitionArn>, images: &[Image]) -> Option<Self> {
        Some(Self { task_definition: task_definition?.clone(), images: images.to_vec() })
    }
}

/// The image of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Image {
    /// The container's name, as the task definition has it.
    pub container: Redacted,
    /// The image's reference, as the task definition has it.
    pub reference: Redacted,
}

impl Image {
    /// The images of a task's containers, the first three by the containers' names, for their order means nothing. Sidecars
    /// count only where there is nothing else.
    pub fn of_containers(containers: &[Container]) -> Vec<Self> {
        let mut images = Self::of_those(containers.iter().filter(|container| !is_sidecar(container)));
        if images.is_empty() {
            images = Self::of_those(containers.iter());
        }
        images
    }

    fn of_those<'c>(containers: impl Iterator<Item = &'c Container>) -> Vec<Self> {
        let mut images: Vec<Self> = containers.filter_map(Self::of_container).collect();
        images.sort();
        images.truncate(MAX_IMAGES);
        images
    }

    /// `None` where the container has no name or no image, or what cannot be one.
    fn of_container(container: &Container) -> Option<Self> {
        let may = |text: &&str, max: usize| text.is_ascii() && text.len() <= max;
        let name = container.name.as_deref().filter(|name| may(name, MAX_NAME))?;
        let reference = container.image.as_deref().filter(|image| may(image, MAX_REFERENCE))?;
        Some(Self { container: redact(name), reference: redact(reference) })
    }

    /// What people call the image: `shop/api:1.4.2`, `shop/api@sha256:0123456789ab`.
    pub fn short(&self) -> String {
        short_reference(self.reference.as_str())
    }
}

/// Shortens an image's reference to the last two parts of the repository's path, with the tag; where it has none, with the
/// digest's first twelve digits. The registry's host is left out.
pub fn short_reference(reference: &str) -> String {
    let (named, digest) = match reference.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (reference, None),
    };
    let path = match named.split_once('/') {
        Some((host, path)) if is_host(host) => path,
        _ => named,
    };
    let start = path.rmatch_indices('/').nth(1).map_or(0, |(at, slash)| at + slash.len());
    let name = path.get(start..).unwrap_or(path);
    let has_tag = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    match digest.filter(|_| !has_tag) {
        Some(digest) => {
            let (algorithm, digits) = digest.split_once(':').unwrap_or(("", digest));
            let digits: String = digits.chars().take(DIGEST_DIGITS).collect();
            format!("{name}@{algorithm}:{digits}")
        }
        None => name.to_owned(),
    }
}

/// As Docker tells a registry's host from the first part of a path.
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn container(name: &str, image: &str) -> Container {
        Container { name: Some(name.into()), image: Some(image.into()), ..Container::default() }
    }

    #[test]
    fn an_image_is_called_what_people_call_it() {
        let by_digest = format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api@{DIGEST}");
        for (reference, short) in [
            ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api:1.4.2", "shop/api:1.4.2"),
            (&by_digest, "shop/api@sha256:9f86d081884c"),
            (&format!("shop/api:1.4.2@{DIGEST}"), "shop/api:1.4.2"),
            ("ghcr.io/acme/shop/backend/api:main", "backend/api:main"),
            ("localhost:5000/api:dev", "api:dev"),
            ("localhost/api", "api"),
            ("docker.io/library/nginx:1.27", "library/nginx:1.27"),
            ("nginx", "nginx"),
            ("nginx:1.27", "nginx:1.27"),
            ("shop/api", "shop/api"),
            ("registry.shop.example:443/shop/api", "shop/api"),
            ("api@odd", "api@:odd"),
            ("", ""),
            ("/", "/"),
            ("a//:b@", "/:b"),
        ] {
            assert_eq!(short_reference(reference), short, "{reference}");
        }
    }

    #[test]
    fn images_are_those_of_the_containers_that_do_the_work_in_any_order() {
        let mut containers =
            [container("web", "shop/web:2"), container("envoy", "envoy:1"), container("api", "shop/api:1")];
        let images = Image::of_containers(&containers);
        assert_eq!(images.iter().map(Image::short).collect::<Vec<_>>(), ["shop/api:1", "shop/web:2"]);
        containers.reverse();
        assert_eq!(Image::of_containers(&containers), images);
        let [envoy] = &Image::of_containers(&[container("envoy", "envoy:1")])[..] else { panic!() };
        assert_eq!(envoy.container.as_str(), "envoy", "nothing else is there to name");
    }

    #[test]
    fn more_than_three_images_and_what_cannot_be_one_are_not_kept() {
        let many: Vec<Container> = (0..9).map(|n| container(&format!("c{n}"), "shop/api:1")).collect();
        assert_eq!(Image::of_containers(&many).len(), 3);
        let long = "a".repeat(MAX_REFERENCE + 1);
        let odd = [container("api", &long), container("web", "shop/web:ü"), Container::default()];
        assert_eq!(Image::of_containers(&odd), []);
    }

    #[test]
    fn a_reference_is_redacted_and_its_digest_is_no_secret() {
        let reference = format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api@{DIGEST}");
        let [kept] = &Image::of_containers(&[container("api", &reference)])[..] else { panic!() };
        assert_eq!(kept.reference.as_str(), reference);
        let [hidden] =
            &Image::of_containers(&[container("api", "https://me:hunter22@registry.example/api:1")])[..]
        else {
            panic!()
        };
        assert!(!hidden.reference.as_str().contains("hunter22"), "{hidden:?}");
    }
}
