use super::Orgs;
use crate::{access::OrgAccess, boxed, error::Result, telemetry::SPANS};

impl Orgs {
    /// Ends the user's own membership. Every member may, except the only owner.
    ///
    /// # Errors
    /// [`crate::error::Error::Conflict`] for the only owner;
    /// [`crate::error::Error::NotFound`] if the membership is gone already.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.leave", skip_all)]
    #[boxed]
    pub async fn leave(&self, access: &OrgAccess) -> Result<()> {
        let change = self.begin_change(access).await?;
        let member = change.actor.clone();
        self.end_membership(change, &member).await
    }
}
