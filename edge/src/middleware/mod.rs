//! What every request passes on its way in and out, one file a concern. The order, and the
//! reasons for it, are in [`crate::router`].

pub mod access_log;
pub mod blank_errors;
pub mod body;
pub mod client;
pub mod cookies;
pub mod csrf;
pub mod devices;
pub mod lookups;
pub mod org_membership;
pub mod rendered;
pub mod request_line;
pub mod security_headers;
pub mod session;
pub mod session_failure;
pub mod timing;
