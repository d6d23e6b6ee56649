//! Where forms are posted to and islands ask.

use super::SIGN_OUT;

pub const SIGN_IN: &str = "/api/sign_in";
pub const CREATE_ORG: &str = "/api/create_org";
pub const UPDATE_ORG: &str = "/api/update_org";
pub const LEAVE_ORG: &str = "/api/leave_org";
pub const CHANGE_ROLE: &str = "/api/change_role";
pub const REMOVE_MEMBER: &str = "/api/remove_member";
pub const SET_THEME: &str = "/api/set_theme";
/// The user's organizations, for the menu that switches between them (GET).
pub const MY_ORGS: &str = "/api/my_orgs";
/// Whether a slug is available (GET).
pub const IS_SLUG_FREE: &str = "/api/is_slug_free";

/// The endpoints of all server functions.
pub const ALL: [&str; 10] = [
    SIGN_IN,
    SIGN_OUT,
    CREATE_ORG,
    UPDATE_ORG,
    LEAVE_ORG,
    CHANGE_ROLE,
    REMOVE_MEMBER,
    SET_THEME,
    MY_ORGS,
    IS_SLUG_FREE,
];
