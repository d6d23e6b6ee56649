//! The membership check, and the proof that it was made.
//!
//! Everything that members of an organization can do goes through a function that takes
//! an [`OrgAccess`], and only this module makes one. It cannot be built, stored or
//! received from elsewhere: whoever holds one has been found to be a member, on this
//! request. The cache keeps memberships (data); the program passes `OrgAccess` (proof).
//!
//! The middleware calls [`Access::find_with`] before a page is rendered; server functions,
//! whose addresses carry no slug, call [`Access::require`]. Both answer the same for an
//! organization that does not exist and for one the user is not a member of, or is suspended
//! in. Mutations check the role once more, in their transaction.
//!
//! A member can be barred and told why: the organization was deleted and is theirs to
//! restore, or it requires a second factor.
//!
//! Whoever is granted access is noted as active, in memory and once an hour
//! (`last_active`).
#![warn(missing_docs)]

mod last_active;

use std::sync::Arc;

use crate::{
    SignedIn,
    cache::{Cache, CachedQuery, Companions, Key, Scope, keys},
    clock::Clock,
    db::{self, Db, Reader, Stamped},
    domain::{
        Barred, CurrentUser, MemberId, Membership, MembershipLookup, OrgId, OrgSegment, OrgSlug,
        OrgSummary, Permission, RESTORABLE_FOR, Role, UserId,
    },
    error::{Error, Result},
    last_use::LastUse,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

/// Proof that a user is a member of an organization, made on this request.
///
/// A use case takes it as it is:
///
/// ```
/// # use orghub_auth::access::OrgAccess;
/// async fn leave(access: &OrgAccess) { /* only a member leaves */ }
/// ```
///
/// Nobody else can make one, out of whatever they know,
///
/// ```compile_fail,E0451
/// # use std::sync::Arc;
/// # use orghub_auth::{SignedIn, access::OrgAccess}; use orghub_domain::Membership;
/// fn make(signed_in: SignedIn, membership: Arc<Membership>) -> OrgAccess {
///     OrgAccess { signed_in, membership }
/// }
/// ```
///
/// or keep one where it would outlive the process,
///
/// ```compile_fail,E0277
/// # use orghub_auth::access::OrgAccess;
/// fn keep(access: &OrgAccess) -> impl serde::Serialize {
///     access
/// }
/// ```
///
/// or be sent one.
///
/// ```compile_fail,E0277
/// # use orghub_auth::access::OrgAccess;
/// fn receive<T: serde::de::DeserializeOwned>() -> Option<T> {
///     None
/// }
/// let access = receive::<OrgAccess>();
/// ```
///
/// A use case borrows it for as long as it works, and nothing of the core holds one. Within
/// the process it can be cloned, as the extensions of a request demand, so the compiler does
/// not end it with the request; what was granted long ago would still be shown, and changes
/// nothing, because a write asks for session and role again.
#[derive(Clone, Debug)]
pub struct OrgAccess {
    signed_in: SignedIn,
    membership: Arc<Membership>,
}

impl OrgAccess {
    /// The member.
    pub fn user(&self) -> &CurrentUser {
        &self.signed_in
    }

    /// The member with the session they came with, as writes demand it.
    pub fn signed_in(&self) -> &SignedIn {
        &self.signed_in
    }

    /// The membership that was found.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// The organization's id.
    pub fn org_id(&self) -> OrgId {
        self.membership.org_id
    }

    /// The organization's current slug.
    pub fn slug(&self) -> &OrgSlug {
        &self.membership.org_slug
    }

    /// The member's role.
    pub fn role(&self) -> Role {
        self.membership.role
    }

    /// Enough for reading; a write asks again in its transaction.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the role does not have the permission.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.role().may(permission) {
            Ok(())
        } else {
            SecurityEvent::PermissionDenied {
                user: self.user().id,
                slug: self.slug(),
            }
            .record();
            Err(Error::Forbidden)
        }
    }
}

/// Result of resolving `/orgs/{segment}` for a user.
#[derive(Clone, Debug)]
pub enum OrgLookup {
    /// Their organization.
    Granted(OrgAccess),
    /// Their organization under another name: an id, a former slug, or `default`.
    Moved(OrgSlug),
    /// Their organization, to which they have no access now.
    Barred(Barred),
    /// `default`, and they belong to no organization yet.
    NoOrganization,
    /// No such organization, or none of theirs.
    NotFound,
}

/// Makes the check.
#[derive(Clone)]
pub struct Access {
    db: Db,
    cache: Cache,
    clock: Clock,
    /// `None`: nobody is noted as active.
    last_active: Option<Arc<LastUse<MemberId>>>,
}

impl Access {
    /// A check that reads through `cache`.
    pub fn new(db: Db, cache: Cache, clock: Clock) -> Self {
        Self {
            db,
            cache,
            clock,
            last_active: Some(Arc::default()),
        }
    }

    /// The same check for what a program does in a member's name: it makes nobody active.
    pub fn unnoticed(&self) -> Self {
        Self {
            last_active: None,
            ..self.clone()
        }
    }

    /// Resolves `segment` in `/orgs/{segment}/…` for `user`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it cannot be known: nothing is granted then.
    pub async fn find(&self, user: &SignedIn, segment: &OrgSegment) -> Result<OrgLookup> {
        self.find_with(user, segment, |_slug| Companions::default())
            .await
    }

    /// The same. `companions` are what the page will show: if Redis has to be asked for
    /// the membership, it is asked for them in the same round trip.
    ///
    /// # Errors
    /// As [`Self::find`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "access.find", skip_all)]
    pub async fn find_with(
        &self,
        user: &SignedIn,
        segment: &OrgSegment,
        companions: impl FnOnce(&OrgSlug) -> Companions,
    ) -> Result<OrgLookup> {
        let slug = match segment {
            OrgSegment::Slug(slug) => slug,
            OrgSegment::Id(id) => {
                let orgs = list_orgs_of(&self.cache, user.id).await?;
                let org = orgs.iter().find(|org| org.id == *id);
                return Ok(moved(org).unwrap_or(OrgLookup::NotFound));
            }
            OrgSegment::Default => {
                let orgs = list_orgs_of(&self.cache, user.id).await?;
                return Ok(moved(orgs.first()).unwrap_or(OrgLookup::NoOrganization));
            }
        };
        let query = MembershipOf {
            slug: slug.clone(),
            user: user.id,
        };
        let lookup = self.cache.get_with(&query, || companions(slug)).await?;
        Ok(match membership(lookup) {
            Some(membership) if membership.org_slug != *slug => {
                OrgLookup::Moved(membership.org_slug.clone())
            }
            Some(membership) => match self.grant(user, membership) {
                Ok(access) => OrgLookup::Granted(access),
                Err(Some(barred)) => OrgLookup::Barred(barred),
                Err(None) => OrgLookup::NotFound,
            },
            None => {
                deny(user, slug);
                OrgLookup::NotFound
            }
        })
    }

    /// The proof for `slug`, current or former.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such organization, or none of theirs, or it was
    /// deleted; [`Error::SecondFactorFirst`] if it requires one that they do not have;
    /// [`Error::Unavailable`] if it cannot be known.
    #[tracing::instrument(level = "debug", target = SPANS, name = "access.require", skip_all)]
    pub async fn require(&self, user: &SignedIn, slug: &OrgSlug) -> Result<OrgAccess> {
        let Some(membership) = self.find_membership(user, slug).await? else {
            deny(user, slug);
            return Err(Error::NotFound);
        };
        self.grant(user, membership).map_err(|barred| match barred {
            Some(Barred::SecondFactor { .. }) => Error::SecondFactorFirst,
            Some(Barred::Deleted { .. }) | None => Error::NotFound,
        })
    }

    /// The current slug of the organization, by this or a former one, for whoever is a member;
    /// `None`: they are not. It grants nothing, so nobody is denied anything.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it cannot be known.
    #[tracing::instrument(level = "debug", target = SPANS, name = "access.current_slug", skip_all)]
    pub async fn current_slug(&self, user: &SignedIn, slug: &OrgSlug) -> Result<Option<OrgSlug>> {
        let membership = self.find_membership(user, slug).await?;
        Ok(membership.map(|membership| membership.org_slug.clone()))
    }

    async fn find_membership(
        &self,
        user: &SignedIn,
        slug: &OrgSlug,
    ) -> Result<Option<Arc<Membership>>> {
        let query = MembershipOf {
            slug: slug.clone(),
            user: user.id,
        };
        Ok(membership(self.cache.get(&query).await?))
    }

    /// The proof, or what bars the member from it; `Err(None)`: the organization was deleted,
    /// too long ago to be restored.
    fn grant(
        &self,
        user: &SignedIn,
        membership: Arc<Membership>,
    ) -> Result<OrgAccess, Option<Barred>> {
        let (slug, name) = (&membership.org_slug, &membership.org_name);
        if let Some(deleted_at) = membership.deleted_at {
            let restorable_until = deleted_at + RESTORABLE_FOR;
            let is_restorable = self.clock.now() < restorable_until;
            return Err(is_restorable.then(|| Barred::Deleted {
                slug: slug.clone(),
                name: name.clone(),
                deleted_at,
                restorable_until,
            }));
        }
        let is_required = |from| from <= self.clock.now();
        if !user.has_second_factor && membership.second_factor_from.is_some_and(is_required) {
            return Err(Some(Barred::SecondFactor {
                slug: slug.clone(),
                name: name.clone(),
            }));
        }
        if let Some(last_active) = &self.last_active {
            last_active.note(membership.member_id, self.clock.now());
        }
        Ok(OrgAccess {
            signed_in: user.clone(),
            membership,
        })
    }
}

fn deny(user: &CurrentUser, slug: &OrgSlug) {
    SecurityEvent::AccessDenied {
        user: user.id,
        slug,
    }
    .record();
}

fn moved(org: Option<&OrgSummary>) -> Option<OrgLookup> {
    org.map(|org| OrgLookup::Moved(org.slug.clone()))
}

fn membership(lookup: Option<Arc<MembershipLookup>>) -> Option<Arc<Membership>> {
    lookup?.membership.clone().map(Arc::new)
}

/// The organization a slug names, and the user's membership of it: asked on every
/// request.
#[derive(Clone, Debug)]
pub struct MembershipOf {
    /// Current or former.
    pub slug: OrgSlug,
    /// Who may be a member.
    pub user: UserId,
}

impl CachedQuery for MembershipOf {
    type Answer = MembershipLookup;

    fn key(&self) -> Key {
        keys::membership(&self.slug, self.user)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let mut scopes = vec![Scope::Slug(self.slug.clone())];
        if let Some(MembershipLookup { org_id, .. }) = answer {
            scopes.extend([
                Scope::Org(*org_id),
                Scope::Membership(*org_id, self.user),
                // Logged with every change of a membership anyway; it makes "everything of
                // this user" one scope.
                Scope::UserOrgs(self.user),
            ]);
        }
        scopes
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::members::find_membership(db, &self.slug, self.user).await
    }

    fn is_negative(answer: Option<&Self::Answer>) -> bool {
        answer.is_none_or(|lookup| lookup.membership.is_none())
    }
}

/// The organizations of a user, the one joined first at the top.
///
/// # Errors
/// [`Error::Unavailable`] if neither cache nor database answers.
pub async fn list_orgs_of(cache: &Cache, user: UserId) -> Result<Arc<Vec<OrgSummary>>> {
    Ok(cache.get(&OrgsOf { user }).await?.unwrap_or_default())
}

/// The organizations of a user, with the user's role in each.
#[derive(Clone, Copy, Debug)]
pub struct OrgsOf {
    /// Whose.
    pub user: UserId,
}

impl CachedQuery for OrgsOf {
    type Answer = Vec<OrgSummary>;

    fn key(&self) -> Key {
        keys::user_orgs(self.user)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let orgs = answer.into_iter().flatten().map(|org| Scope::Org(org.id));
        std::iter::once(Scope::UserOrgs(self.user))
            .chain(orgs)
            .collect()
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::orgs::list_for_user(db, self.user).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_non_member_is_a_negative_answer() {
        let lookup = MembershipLookup {
            org_id: OrgId::new(),
            membership: None,
        };
        assert!(MembershipOf::is_negative(Some(&lookup)));
        assert!(MembershipOf::is_negative(None));
    }
}
