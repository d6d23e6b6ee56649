//! Subscriptions: what the page shows ([`view`]), and what billing mirrors from
//! Stripe ([`mirror`]).

mod mirror;
mod view;

pub use mirror::{
    MirrorWrite, Mirrored, attach_customer, find_customer, find_mirrored, find_mirrored_of_org,
    lock_org_of_customer, note_trial, write_mirror,
};
pub use view::find_view;
