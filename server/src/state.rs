//! What handlers and middleware share.

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use orghub::services::Services;

use crate::config::ServerConfig;

/// The router's state: cheap to clone, shared by all requests.
#[derive(Clone)]
pub struct AppState {
    /// Where the browser's files are and what they are called.
    pub leptos: LeptosOptions,
    pub services: Services,
    /// Where browsers hear that the program was rebuilt, under `cargo leptos watch`.
    pub reload_port: Option<u16>,
}

impl AppState {
    pub fn new(config: &ServerConfig, services: Services) -> Self {
        let leptos = LeptosOptions::builder()
            // As in the root Cargo.toml, where cargo-leptos reads it.
            .output_name("orghub")
            .site_root(config.site_root.as_str())
            .site_addr(config.core.site_addr)
            .reload_port(config.reload_port.unwrap_or_default().into())
            .build();
        Self {
            leptos,
            services,
            reload_port: config.reload_port,
        }
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

impl FromRef<AppState> for Services {
    fn from_ref(state: &AppState) -> Self {
        state.services.clone()
    }
}
