//! The membership check, and the proof that it was made.
//!
//! Everything an organization's people can do goes through a function that takes
//! an [`OrgAccess`], and only this module makes one. It cannot be built, stored
//! or received from elsewhere: who holds it has been found to be a member, on
//! this request. The cache keeps memberships (data); the program passes
//! `OrgAccess` (proof).
//!
//! The middleware asks [`Access::find`] before a page is rendered; server
//! functions, whose addresses carry no slug, ask [`Access::require`]. Both answer
//! the same for an organization that does not exist and for one that is not the
//! asker's business. Mutations check the role once more, in their transaction.

use std::sync::Arc;

use crate::{
    cache::{Cache, keys::MembershipKey},
    db::{self, Db},
    domain::{CurrentUser, Membership, OrgId, OrgSegment, OrgSlug, Permission, Role},
    error::{Error, Result},
};

/// Proof that a person is a member of an organization, made on this request.
#[derive(Clone, Debug)]
pub struct OrgAccess {
    user: CurrentUser,
    membership: Arc<Membership>,
}

impl OrgAccess {
    /// Who asks.
    pub fn user(&self) -> &CurrentUser {
        &self.user
    }

    /// The membership.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// The organization.
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

    /// Refuses who may not do this. It is enough for reading; a write asks again in
    /// its transaction.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the role does not carry the right.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.role().may(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }
}

/// What an organization's address comes to for a person.
#[derive(Clone, Debug)]
pub enum OrgLookup {
    /// Their organization.
    Granted(OrgAccess),
    /// Their organization under another name: an id, a former slug, or `default`.
    Moved(OrgSlug),
    /// `default`, and they belong to no organization yet.
    NoOrganization,
    /// No organization, or none of theirs.
    NotFound,
}

/// Makes the check.
#[derive(Clone)]
pub struct Access {
    db: Db,
    cache: Cache,
}

impl Access {
    /// A check that reads through `cache`.
    pub fn new(db: Db, cache: Cache) -> Self {
        Self { db, cache }
    }

    /// What `segment` in `/orgs/{segment}/…` comes to for `user`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it cannot be known: nothing is granted then.
    pub async fn find(&self, user: &CurrentUser, segment: &OrgSegment) -> Result<OrgLookup> {
        let moved = |slug: Option<OrgSlug>, otherwise| slug.map_or(otherwise, OrgLookup::Moved);
        match segment {
            OrgSegment::Slug(slug) => match self.membership(user, slug).await? {
                Some(membership) if membership.org_slug == *slug => {
                    Ok(OrgLookup::Granted(OrgAccess {
                        user: user.clone(),
                        membership,
                    }))
                }
                Some(membership) => Ok(OrgLookup::Moved(membership.org_slug.clone())),
                None => Ok(OrgLookup::NotFound),
            },
            OrgSegment::Id(org) => {
                let slug =
                    db::orgs::find_slug_by_id_for_member(&self.db.reader(), *org, user.id).await?;
                Ok(moved(slug, OrgLookup::NotFound))
            }
            OrgSegment::Default => {
                let slug = db::orgs::find_oldest_slug_for_user(&self.db.reader(), user.id).await?;
                Ok(moved(slug, OrgLookup::NoOrganization))
            }
        }
    }

    /// The proof for `slug`, current or former.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such organization, or none of theirs;
    /// [`Error::Unavailable`] if it cannot be known.
    pub async fn require(&self, user: &CurrentUser, slug: &OrgSlug) -> Result<OrgAccess> {
        let membership = self.membership(user, slug).await?.ok_or(Error::NotFound)?;
        Ok(OrgAccess {
            user: user.clone(),
            membership,
        })
    }

    async fn membership(
        &self,
        user: &CurrentUser,
        slug: &OrgSlug,
    ) -> Result<Option<Arc<Membership>>> {
        let key = MembershipKey {
            slug: slug.clone(),
            user: user.id,
        };
        let lookup = self
            .cache
            .get_or_load(&key, {
                let key = key.clone();
                move |db| {
                    let key = key.clone();
                    async move { db::members::find_membership(&db, &key.slug, key.user).await }
                }
            })
            .await?;
        Ok(lookup
            .and_then(|lookup| lookup.membership.clone())
            .map(Arc::new))
    }
}
