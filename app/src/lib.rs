//! The Leptos application of Orghub: the document with the route table ([`app`]), and
//! [`pages`].
//!
//! Pages are rendered on the server and complete without JavaScript: navigation is links,
//! state is in the address, writing is a form. Forms post to `orghub_api`; what both are made
//! of is `orghub_ui`. Neither pages nor endpoints know the server they run in: the program
//! joins them to it, and whoever changes a page waits for no other package.
//!
//! A page never asks SQL, Redis or Stripe for anything: it asks a use case of the core
//! ([`services`]), with the proof that the user may (`orghub_ui::context`).

pub mod app;
pub mod pages;
mod services;
