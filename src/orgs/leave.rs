use super::Orgs;
use crate::{access::OrgAccess, error::Result};

impl Orgs {
    /// Ends one's own membership. Every member may, except the only owner.
    ///
    /// # Errors
    /// [`crate::error::Error::Conflict`] for the only owner;
    /// [`crate::error::Error::NotFound`] when the membership is gone already;
    /// [`crate::error::Error::Unavailable`] when the database does not answer.
    pub async fn leave(&self, access: &OrgAccess) -> Result<()> {
        let locked = self.begin_change(access).await?;
        let member = locked.actor.clone();
        self.end_membership(access, locked, &member).await
    }
}
