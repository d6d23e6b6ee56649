use super::Orgs;
use crate::{
    auth::SignedIn,
    boxed,
    cache::keys,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, Invalid, OrgName, OrgSlug, Role, text},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// Creates an organization whose owner is `user`. Whoever is signed in and has a verified
    /// address may.
    ///
    /// # Errors
    /// [`Error::Conflict`] on the field `slug` if another organization has, or had, it;
    /// [`Error::SignedOut`]; [`Error::VerifyFirst`]; [`Error::LimitReached`] if they own as many as they may;
    /// [`Error::RateLimited`] if they tried too many slugs.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.create", skip_all)]
    #[boxed]
    pub async fn create(&self, user: &SignedIn, name: &OrgName, slug: &OrgSlug) -> Result<OrgSlug> {
        let question = self.ask_about_slug(user.id)?;
        let mut tx = self.db.begin().await?;
        db::users::lock(&mut tx, user.id).await?;
        let actor_name = user.hold_verified(&mut tx, self.clock.now()).await?;
        let limit = self.limits.organizations;
        if db::members::count_owned(&mut tx, user.id).await? >= i64::from(limit) {
            return Err(Error::LimitReached(format!(
                "You own {limit} organizations, as many as one user can. \
                 Leave one of them or make somebody else its owner, then try again."
            )));
        }
        let org = db::orgs::insert(&mut tx, name, slug).await?;
        db::members::insert(&mut tx, org, user.id, Role::Owner).await?;
        let activity = NewActivity {
            org,
            actor: Some(user.id),
            actor_name: &actor_name,
            kind: ActivityKind::OrgCreated,
            subject: name.as_str(),
            detail: "",
        };
        db::activity::insert(&mut tx, activity).await?;

        // Until now "no such organization" may have been cached for the user.
        let outdated = [keys::membership(slug, user.id), keys::user_orgs(user.id)];
        self.cache.commit(tx, &outdated).await?;
        question.forgive();
        Ok(slug.clone())
    }

    /// Creates an organization as [`Self::create`], with a slug made from its name. If that
    /// is taken, a number makes it another one.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `slug` if the name suggests none; [`Error::Conflict`]
    /// if all that were tried are taken; otherwise as [`Self::create`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.create_with_any_slug", skip_all)]
    #[boxed]
    pub async fn create_with_any_slug(&self, user: &SignedIn, name: &OrgName) -> Result<OrgSlug> {
        let suggested = OrgSlug::suggest(&text::decomposed(name.as_str())).ok_or_else(|| {
            Invalid::new("slug", "Enter a slug: none can be made from this name.")
        })?;
        let mut outcome = self.create(user, name, &suggested).await;
        // Small numbers first, which people like, and then one that is surely free.
        for number in [2, 3, rand::random_range(1_000..1_000_000)] {
            if !matches!(outcome, Err(Error::Conflict(_))) {
                break;
            }
            outcome = self.create(user, name, &suggested.numbered(number)).await;
        }
        outcome
    }
}
