use super::Joining;
use crate::{
    access::OrgAccess,
    auth::LinkToken,
    boxed,
    db::{self, join_links::NewJoinLink},
    domain::{ActivityKind, JoinLinkTerms, MAX_JOIN_LINKS},
    error::{Error, Result},
    routes,
    telemetry::SPANS,
};

impl Joining {
    /// Makes a link, and returns its path: nobody can read it again. Needs
    /// [`crate::domain::Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::LimitReached`] if the organization has as many as it can.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.make_link", skip_all)]
    #[boxed]
    pub async fn make_link(&self, access: &OrgAccess, terms: &JoinLinkTerms) -> Result<String> {
        let now = self.clock.now();
        let mut change = self.begin_change(access).await?;
        if db::join_links::count_live(&mut change.tx, change.id, now).await? >= MAX_JOIN_LINKS {
            return Err(Error::LimitReached(format!(
                "An organization can have {MAX_JOIN_LINKS} links. Revoke one, then try again."
            )));
        }
        let token = LinkToken::random();
        let new = NewJoinLink {
            org: change.id,
            hash: &token.hash(),
            made_by: change.actor.user_id,
            now,
            expires_at: terms.life.duration().map(|life| now + life),
            most_uses: terms.most_uses,
            allowed_domains: &terms.allowed_domains,
            asks_first: terms.asks_first,
        };
        db::join_links::insert(&mut change.tx, new).await?;
        change
            .record(ActivityKind::JoinLinkMade, "", &in_words(terms))
            .await?;
        self.cache.commit(change.tx, &[]).await?;
        Ok(routes::join(token.text()))
    }
}

/// For the audit log: what keeps whoever has the link from joining.
fn in_words(terms: &JoinLinkTerms) -> String {
    let mut limits = Vec::new();
    if terms.asks_first {
        limits.push("asks first".to_owned());
    }
    if let Some(uses) = terms.most_uses {
        limits.push(format!("for {uses}"));
    }
    limits.extend(terms.allowed_domains.iter().map(ToString::to_string));
    limits.join(", ")
}
