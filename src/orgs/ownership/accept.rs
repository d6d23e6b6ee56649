use super::{get_received, letters};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, MemberListQuery, Role},
    error::Result,
    orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// Takes the ownership that was offered to the member: they become an owner, and
    /// whoever offered an admin, in one step. Every member may, if they are offered it.
    ///
    /// # Errors
    /// [`crate::error::Error::Conflict`] if there is no such offer, or none any more.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.accept_ownership", skip_all)]
    #[boxed]
    pub async fn accept_ownership(&self, access: &OrgAccess) -> Result<()> {
        let now = self.clock.now();
        let mut change = self.begin_change(access).await?;
        let offer = get_received(&mut change, now).await?;
        // The one first: at no moment is there nobody.
        db::members::set_role(&mut change.tx, offer.to_member, Role::Owner).await?;
        db::members::set_role(&mut change.tx, offer.from_member, Role::Admin).await?;
        db::ownership::delete(&mut change.tx, change.id).await?;
        change
            .record(ActivityKind::OwnershipAccepted, &offer.from_name, "")
            .await?;
        let (by, org) = (&change.actor.name, &change.org.name);
        let letter = letters::accepted(&offer.from_name, by, org, &change.org.slug);
        self.mail
            .post(&mut change.tx, &offer.from_email, &letter)
            .await?;
        let slug = &change.org.slug;
        let outdated = [
            keys::membership(slug, offer.from_user),
            keys::user_orgs(offer.from_user),
            keys::membership(slug, offer.to_user),
            keys::user_orgs(offer.to_user),
            keys::org_overview(slug),
            keys::member_page(slug, &MemberListQuery::default()),
        ];
        self.cache.commit(change.tx, &outdated).await
    }
}
