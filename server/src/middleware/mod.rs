//! What every request passes on its way in and out, one file a concern. The
//! order, and why it is that one, stands in [`crate::router`].

pub mod access_log;
pub mod csrf;
pub mod foresight;
pub mod org_membership;
pub mod security_headers;
pub mod session;
pub mod timing;
