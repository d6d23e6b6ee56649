use crate::{invitations::Invitations, queue::Kind};

use super::clean_up::HOUR;

const NAME: &str = "invitations.remind";

/// Reminds people of invitations that they have not decided about, every hour, by one node.
pub(super) fn kind(invitations: &Invitations) -> Kind {
    let invitations = invitations.clone();
    Kind::every(HOUR, NAME, move || {
        let invitations = invitations.clone();
        async move {
            let reminded = invitations.remind().await?;
            tracing::info!(
                job.kind = NAME,
                reminded,
                "people are reminded of their invitations"
            );
            Ok(())
        }
    })
}
