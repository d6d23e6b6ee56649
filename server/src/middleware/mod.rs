//! What every request passes on its way in and out, one file a concern. The order, and the
//! reasons for it, are in [`crate::router`].

pub mod access_log;
pub mod csrf;
pub mod org_membership;
pub mod security_headers;
pub mod session;
pub mod timing;
