//! The HTTP edge of Orghub: configuration in, routes, middleware and handlers,
//! and no business rule. A rule that seems to belong here belongs in `orghub`.
//!
//! Start reading at [`router`], which shows what a request passes and why in
//! that order; [`startup`] shows how the server starts, [`shutdown`] how it stops.

pub mod cli;
pub mod commands;
pub mod config;
pub mod error_page;
pub mod handlers;
pub mod kept;
pub mod listener;
pub mod middleware;
pub mod pages;
pub mod program;
pub mod rendered;
pub mod router;
pub mod shutdown;
pub mod startup;
pub mod state;
pub mod telemetry;
