use super::{Joining, ask::Asker, find_offer::is_allowed};
use crate::{
    auth::{LinkToken, SignedIn},
    boxed,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, JoinWay, Joined, MailDomain},
    error::{Error, Result},
    newcomers::{let_in, outdated_by},
    telemetry::SPANS,
};

impl Joining {
    /// Follows a link: the user becomes a member, or asks to become one. Whoever is a member
    /// already stays as they are.
    ///
    /// # Errors
    /// [`Error::VerifyFirst`]; [`Error::DeadLink`] as [`Self::find_offer`]; [`Error::Conflict`]
    /// if it is not for addresses like theirs, or they were declined a short time ago;
    /// [`Error::LimitReached`] if there is no seat, or too many wait for an answer;
    /// [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.follow_link", skip_all)]
    #[boxed]
    pub async fn follow_link(&self, user: &SignedIn, token: &LinkToken) -> Result<Joined> {
        let now = self.clock.now();
        let hash = token.hash();
        let mut tx = self.db.begin().await?;
        let name = user.hold_verified(&mut tx, now).await?;
        let id = db::join_links::find_org(&mut tx, &hash).await?;
        let id = id.ok_or(Error::DeadLink)?;
        let org = db::orgs::lock(&mut tx, id).await?.ok_or(Error::DeadLink)?;
        // What ends a link, or takes the last of its places, did so before, or waits.
        let link = db::join_links::find_live(&mut tx, &hash, now).await?;
        let link = link.ok_or(Error::DeadLink)?;
        match db::members::find_suspension(&mut tx, id, user.id).await? {
            Some(true) => return Err(Error::DeadLink),
            Some(false) => return Ok(Joined::Member(org.slug)),
            None => {}
        }
        // Not the session's word, which may be old: the user is held, so it cannot change now.
        let email = db::users::find_email(&mut tx, user.id).await?;
        let email = email.ok_or(Error::SignedOut)?;
        if !is_allowed(&link.allowed_domains, MailDomain::of(&email).as_ref()) {
            return Err(Error::refused(
                "This link is for other addresses than yours. Sign in with one that it is for.",
            ));
        }
        let way = JoinWay::Link(link.id);
        if link.asks_first {
            let asker = Asker {
                id: user.id,
                name: &name,
            };
            if self.ask(&mut tx, (id, &org), asker, &way).await? {
                db::join_links::count_use(&mut tx, link.id).await?;
            }
            self.cache.commit(tx, &[]).await?;
            return Ok(Joined::Asked);
        }
        let_in(&mut tx, id, user.id, now)
            .await
            .map_err(full_to_strangers)?;
        db::join_links::count_use(&mut tx, link.id).await?;
        let activity = NewActivity {
            org: id,
            actor: Some(user.id),
            actor_name: &name,
            kind: ActivityKind::JoinLinkUsed,
            subject: "",
            detail: "",
        };
        db::activity::insert(&mut tx, activity).await?;
        self.cache
            .commit(tx, &outdated_by(&org.slug, user.id))
            .await?;
        Ok(Joined::Member(org.slug))
    }
}

/// Says no more of the seats than that there is none: they are nothing to somebody who is no
/// member.
pub(super) fn full_to_strangers(error: Error) -> Error {
    match error {
        Error::LimitReached(_) => Error::LimitReached(
            "The organization has no free seat right now. Ask somebody there to make room, then \
             try again."
                .to_owned(),
        ),
        other => other,
    }
}
