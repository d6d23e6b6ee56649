//! What pages and endpoints are made of: [`components`], [`forms`], what can go wrong with
//! them in [`error`], [`response`] (status, redirects, cookies), and [`context`], which knows
//! who is asking and hands out the proofs that use cases demand.
//!
//! What needs a browser is an *island*; there are few, and they are a package of their own
//! ([`islands`]). Nothing else here is ever compiled for one.

pub use orghub_islands::{self as islands, theme};

pub mod application;
pub mod components;
pub mod context;
pub mod error;
pub mod forms;
pub mod response;
