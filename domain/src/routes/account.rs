use super::with_query;
use crate::PictureHash;

/// A page of the user's own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountPage {
    Profile,
    Security,
}

impl AccountPage {
    /// All pages, in the order of the navigation.
    pub const ALL: [Self; 2] = [Self::Profile, Self::Security];

    pub const fn path(self) -> &'static str {
        match self {
            Self::Profile => "/account",
            Self::Security => "/account/security",
        }
    }

    /// The page's name in the navigation and in its title.
    pub fn label(self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::Security => "Security",
        }
    }
}

/// The authenticator app: setting it up, and turning it off.
pub const TOTP: &str = "/account/security/totp";

/// Recovery codes: those just made, once, and making new ones.
pub const RECOVERY_CODES: &str = "/account/security/recovery-codes";

/// Asks for the password again; see [`confirm_then`].
pub const CONFIRM: &str = "/account/confirm";

/// The page that asks for the password again and leads back to `next`, a path of ours.
pub fn confirm_then(next: &str) -> String {
    with_query(CONFIRM.to_owned(), &[(super::NEXT, next.to_owned())])
}

/// All that is kept about the user, as a file (GET).
pub const ACCOUNT_EXPORT: &str = "/account/export";

/// All addresses below it are pictures of users and logos of organizations (GET).
pub const PICTURES: &str = "/pictures/";

/// A user's picture, or an organization's logo.
pub fn picture(hash: &PictureHash) -> String {
    format!("{PICTURES}{hash}")
}
