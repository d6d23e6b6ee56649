//! The only way from endpoints to use cases.

use leptos::context::use_context;
pub use orghub::invitations::InvitedMany;
use orghub::services::Services;

pub fn services() -> Services {
    use_context().expect("the server provides the services with every request")
}
