//! Background work that is not the cache's own: clean-up and warm-up.

mod clean_up;
mod warm_up;

pub(crate) use clean_up::remove_expired_sessions_forever;
pub use warm_up::WarmedUp;
