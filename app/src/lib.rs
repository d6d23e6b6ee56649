//! The Leptos application of Orghub.
//!
//! Pages are rendered on the server and complete without JavaScript: navigation is links,
//! state is in the address, writing is a form. So nothing here is ever compiled for a browser.
//! What needs one is an *island*; there are few, and they are a package of their own
//! ([`islands`]).
//!
//! [`app`] is the document and the route table; then come [`pages`], [`components`], [`forms`],
//! the endpoints of forms and islands in [`api`], what can go wrong with them in [`error`],
//! [`response`] (status, redirects, cookies) and [`context`], the only way to the core.
//!
//! A page never asks SQL, Redis or Stripe for anything: it asks a use case of the core,
//! with the proof that the user may.

pub use orghub_islands::{self as islands, theme};

pub mod api;
pub mod app;
pub mod components;
pub mod context;
pub mod error;
pub mod forms;
pub mod pages;
pub mod response;
