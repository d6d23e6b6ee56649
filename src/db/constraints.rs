//! What the database's constraints mean to whoever filled in a form, by name.

use crate::error::Error;

/// The conflict a violated constraint stands for; `None` for those that only a
/// defect of the program can violate.
pub(super) fn conflict(constraint: &str) -> Option<Error> {
    let (field, message) = match constraint {
        "organization_slug_key" | "organization_slug_pkey" => {
            ("slug", "This slug is taken. Choose another one.")
        }
        "users_email_key" => ("email", "There is an account with this address already."),
        "member_user_id_organization_id_key" => ("email", "This user is already a member."),
        _ => return None,
    };
    Some(Error::conflict(field, message))
}
