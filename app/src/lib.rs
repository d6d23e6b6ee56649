//! The Leptos application of Orghub.
//!
//! Pages are rendered on the server and complete without JavaScript: navigation is links,
//! state is in the address, writing is a form. What needs a browser is an *island*, and
//! there are few. So the crate has two halves:
//!
//! * for the browser (`hydrate`): [`islands`], the questions they ask in [`api::lookups`],
//!   and what can go wrong with those, [`error`];
//! * for the server (`ssr`), besides the above: `app` (the document and the route table),
//!   `pages`, `components`, `forms` and their endpoints in `api`, `response` (status,
//!   redirects, cookies) and `context`, the only way to the core.
//!
//! A page never asks SQL, Redis or Stripe for anything: it asks a use case of the core,
//! with the proof that the user may.

pub mod api;
pub mod error;
pub mod islands;
pub mod theme;

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod components;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod forms;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod response;
