//! The update mask of a user (AIP-134): absent means the fields that are set, `*` all, unknown ones are refused, and
//! those that only the service writes are ignored (AIP-203).

use prost_types::FieldMask;
use proto::auth::v1::User;
use service_kit::field::Invalid;

/// Most paths of a mask.
const MOST_PATHS: usize = 32;
/// Fields of a user that no update changes.
const OUTPUT_ONLY: [&str; 7] = ["name", "email_verified", "roles", "state", "create_time", "update_time", "etag"];

/// The fields to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) username: bool,
    pub(super) display_name: bool,
    pub(super) email: bool,
}

impl Mask {
    /// What the mask of a request means, with the user that came with it.
    pub(super) fn of(mask: Option<&FieldMask>, user: &User) -> Result<Self, Invalid> {
        let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
        if paths.is_empty() {
            return Ok(Self {
                username: !user.username.is_empty(),
                display_name: !user.display_name.is_empty(),
                email: !user.email.is_empty(),
            });
        }
        if paths.len() > MOST_PATHS {
            return Err(Invalid::new(format!("name at most {MOST_PATHS} fields")));
        }
        let mut mask = Self::default();
        for path in paths {
            mask.add(path)?;
        }
        Ok(mask)
    }

    fn add(&mut self, path: &str) -> Result<(), Invalid> {
        match path {
            "*" => *self = Self { username: true, display_name: true, email: true },
            "username" => self.username = true,
            "display_name" => self.display_name = true,
            "email" => self.email = true,
            _ if OUTPUT_ONLY.contains(&path) => {}
            _ => {
                let must = "name fields of User that can be changed: username, display_name, email, or *";
                return Err(Invalid::new(must));
            }
        }
        Ok(())
    }
}
