//! The server through its real router, over real Postgres and Redis.
//!
//! One binary, because linking is the slow part. Each test has a database of its
//! own and speaks in the user's verbs: `site.sign_in(&ada)`, `ada.open("/orgs")`.

mod accounts;
mod activity;
mod budgets;
mod bulk_members;
mod commands;
mod connections;
mod directions;
mod endpoints;
mod files;
mod forms;
mod fuzz;
mod health;
mod invitations;
mod joining;
mod mailbox;
mod members_page;
mod metrics;
mod monitoring;
mod oidc;
mod organization;
mod organizations;
mod orgs_page;
mod outages;
mod platform_admin;
mod process;
mod refusals;
mod rendered;
mod requests;
mod revocations;
mod second_factors;
mod security;
mod security_log;
mod session_data;
mod sign_in;
mod site;
mod storm;
mod stripe_commands;
mod subscription;
mod text;
mod traces;
mod two_nodes;
mod webhooks;
