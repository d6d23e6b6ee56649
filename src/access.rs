//! The membership check, and the proof that it was made.
#![warn(missing_docs)]
//!
//! Everything that members of an organization can do goes through a function that takes
//! an [`OrgAccess`], and only this module makes one. It cannot be built, stored or
//! received from elsewhere: whoever holds one has been found to be a member, on this
//! request. The cache keeps memberships (data); the program passes `OrgAccess` (proof).
//!
//! The middleware calls [`Access::resolve`] before a page is rendered; server functions,
//! whose addresses carry no slug, call [`Access::require`]. Both answer the same for an
//! organization that does not exist and for one the user is not a member of. Mutations
//! check the role once more, in their transaction.

use std::sync::Arc;

use crate::{
    cache::{Cache, CachedQuery, Companions, Key, Scope, keys},
    db::{self, Reader, Stamped},
    domain::{
        CurrentUser, Membership, MembershipLookup, OrgId, OrgSegment, OrgSlug, OrgSummary,
        Permission, Role, UserId,
    },
    error::{Error, Result},
    telemetry::SPANS,
};

/// Proof that a user is a member of an organization, made on this request.
#[derive(Clone, Debug)]
pub struct OrgAccess {
    user: CurrentUser,
    membership: Arc<Membership>,
}

impl OrgAccess {
    /// The member.
    pub fn user(&self) -> &CurrentUser {
        &self.user
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
    /// `default`, and they belong to no organization yet.
    NoOrganization,
    /// No such organization, or none of theirs.
    NotFound,
}

/// Makes the check.
#[derive(Clone)]
pub struct Access {
    cache: Cache,
}

impl Access {
    /// A check that reads through `cache`.
    pub fn new(cache: Cache) -> Self {
        Self { cache }
    }

    /// Resolves `segment` in `/orgs/{segment}/…` for `user`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it cannot be known: nothing is granted then.
    pub async fn find(&self, user: &CurrentUser, segment: &OrgSegment) -> Result<OrgLookup> {
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
        user: &CurrentUser,
        segment: &OrgSegment,
        companions: impl FnOnce(&OrgSlug) -> Companions,
    ) -> Result<OrgLookup> {
        let slug = match segment {
            OrgSegment::Slug(slug) => slug,
            OrgSegment::Id(id) => {
                let orgs = list_orgs(&self.cache, user.id).await?;
                let org = orgs.iter().find(|org| org.id == *id);
                return Ok(moved(org).unwrap_or(OrgLookup::NotFound));
            }
            OrgSegment::Default => {
                let orgs = list_orgs(&self.cache, user.id).await?;
                return Ok(moved(orgs.first()).unwrap_or(OrgLookup::NoOrganization));
            }
        };
        let query = MembershipOf {
            slug: slug.clone(),
            user: user.id,
        };
        let lookup = self.cache.get_with(&query, || companions(slug)).await?;
        Ok(match membership(lookup) {
            Some(membership) if membership.org_slug == *slug => OrgLookup::Granted(OrgAccess {
                user: user.clone(),
                membership,
            }),
            Some(membership) => OrgLookup::Moved(membership.org_slug.clone()),
            None => OrgLookup::NotFound,
        })
    }

    /// The proof for `slug`, current or former.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such organization, or none of theirs;
    /// [`Error::Unavailable`] if it cannot be known.
    #[tracing::instrument(level = "debug", target = SPANS, name = "access.require", skip_all)]
    pub async fn require(&self, user: &CurrentUser, slug: &OrgSlug) -> Result<OrgAccess> {
        let query = MembershipOf {
            slug: slug.clone(),
            user: user.id,
        };
        let membership = membership(self.cache.get(&query).await?).ok_or(Error::NotFound)?;
        Ok(OrgAccess {
            user: user.clone(),
            membership,
        })
    }
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
pub(crate) async fn list_orgs(cache: &Cache, user: UserId) -> Result<Arc<Vec<OrgSummary>>> {
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
