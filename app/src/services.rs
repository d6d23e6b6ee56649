//! The only way from pages to use cases.

use leptos::context::use_context;
use orghub::services::Services;

pub fn services() -> Services {
    use_context().expect("the server provides the services with every request")
}
