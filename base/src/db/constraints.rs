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
        "passkey_credential_id_key" => (
            "credential",
            "This passkey belongs to an account already. Make another one.",
        ),
        "member_user_id_organization_id_key" => ("email", "This user is already a member."),
        "org_domain_joins_key" => (
            "policy",
            "People of this domain join another organization by themselves already. Let them \
             join yours by a button.",
        ),
        _ => return None,
    };
    Some(Error::conflict(field, message))
}
