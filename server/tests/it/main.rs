//! The server through its real router, over real Postgres and Redis.
//!
//! One binary, because linking is the slow part. Each test has a database of its
//! own and speaks as a person would: `site.sign_in(&ada)`, `ada.open("/orgs")`.

mod budgets;
mod endpoints;
mod files;
mod health;
mod members_page;
mod metrics;
mod organizations;
mod outages;
mod people;
mod process;
mod security;
mod site;
mod two_nodes;
mod webhooks;
