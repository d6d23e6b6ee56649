//! Handing an organization on. An owner offers it to a member, who becomes an owner in the
//! owner's place by accepting: nobody is made responsible without saying yes. Until then
//! nothing has changed, and either can end the offer.
//!
//! One offer at a time. It is over after [`OFFER_LIFE`](crate::domain::ownership::OFFER_LIFE),
//! and whenever either of the two leaves, is suspended or gets another role; the database
//! sees to that (`migrations/0020_members.sql`).

mod accept;
mod decline;
mod letters;
mod offer;
mod withdraw;

use time::OffsetDateTime;

use super::Change;
use crate::{
    db::{self, ownership::PendingOffer},
    error::{Error, Result},
};

/// The organization's offer, which is to be decided.
///
/// # Errors
/// [`Error::Conflict`] if there is none that could be taken.
async fn get_pending(change: &mut Change, now: OffsetDateTime) -> Result<PendingOffer> {
    let pending = db::ownership::find_pending(&mut change.tx, change.id, now).await?;
    pending.ok_or_else(gone)
}

/// The same for the member who acts, if it is to them.
///
/// # Errors
/// As [`get_pending`]; whether there is one to somebody else is not said.
async fn get_received(change: &mut Change, now: OffsetDateTime) -> Result<PendingOffer> {
    let pending = get_pending(change, now).await?;
    if pending.to_member != change.actor.id {
        return Err(gone());
    }
    Ok(pending)
}

fn gone() -> Error {
    Error::refused("There is no such offer any more.")
}
