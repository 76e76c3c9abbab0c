//! Values that ECS writes in its own spelling.
//!
//! Each has a fixed set in this API version; [`Default`] is merely the first of it, not what ECS takes for a member left out.

macro_rules! values {
    ($(#[$documentation:meta])* $name:ident { $first:ident = $first_text:literal, $($variant:ident = $text:literal,)* }) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            #[default]
            #[serde(rename = $first_text)]
            $first,
            $(#[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// In ECS's spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_text,
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

mod capacity;
mod container;
mod deployment;
mod task;

pub use capacity::*;
pub use container::*;
pub use deployment::*;
pub use task::*;
