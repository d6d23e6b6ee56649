//! The server through its real router, over real Postgres and Redis.
//!
//! One binary, because linking is the slow part. Each test has a database of its
//! own and speaks in the user's verbs: `site.sign_in(&ada)`, `ada.open("/orgs")`.

mod budgets;
mod commands;
mod endpoints;
mod files;
mod health;
mod members_page;
mod metrics;
mod organizations;
mod outages;
mod process;
mod security;
mod sign_in;
mod site;
mod two_nodes;
mod webhooks;
