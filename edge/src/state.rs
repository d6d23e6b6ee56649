//! What handlers and middleware share.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use http::HeaderValue;
use leptos::config::LeptosOptions;
use orghub::services::Services;
use orghub_ui::{application::Application, context::Foundation};

use crate::{
    config::ServerConfig,
    handlers::health::{self, Report},
    kept::Kept,
    middleware::security_headers::page_policy,
    rendered::RenderedPages,
};

/// The router's state: a pointer, cloned by every layer that a request passes.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What [`AppState`] points to.
pub struct Shared {
    /// Where the browser's files are and what they are called.
    pub leptos: LeptosOptions,
    /// What is served.
    pub application: Application,
    pub services: Services,
    /// What of them pages and forms know without knowing use cases.
    pub foundation: Arc<Foundation>,
    /// The node's last answer at `/readyz`.
    pub readiness: Arc<Kept<Report>>,
    /// What browsers may do with a page.
    pub page_policy: HeaderValue,
    /// `None`: each page is made anew.
    pub rendered: Option<RenderedPages>,
}

impl AppState {
    pub fn new(config: &ServerConfig, services: Services, application: Application) -> Self {
        let leptos = LeptosOptions::builder()
            // As in the root Cargo.toml, where cargo-leptos reads it.
            .output_name("orghub")
            .site_root(config.site_root.as_str())
            .site_addr(config.core.site_addr)
            .reload_port(config.reload_port.unwrap_or_default().into())
            .build();
        Self(Arc::new(Shared {
            application,
            foundation: Arc::new(Foundation {
                config: services.config.clone(),
                clock: services.clock.clone(),
                access: services.access.clone(),
                submissions: services.submissions.clone(),
            }),
            services,
            page_policy: page_policy(
                &(application.inline_scripts)(leptos.clone()),
                config.reload_port,
            ),
            leptos,
            readiness: Arc::new(Kept::new(health::KEPT)),
            rendered: RenderedPages::new(config.rendered_pages_bytes),
        }))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
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
