//! People who become members by their address alone: an organization has shown that a domain
//! is its own, and decided that whoever verifies an address there joins by themselves.
//!
//! It happens in the moment after an address was verified, wherever that was, and is never in
//! the way of it: without a seat, without a database, nothing happens, and the person finds
//! the organization among those that they can join.

use crate::{
    cache::{Cache, Key, keys},
    clock::Clock,
    db::{self, Db, Tx, activity::NewActivity},
    domain::{
        ActivityKind, DomainPolicy, MailDomain, MemberListQuery, OrgId, OrgSlug, Role, UserId, text,
    },
    error::{Error, Result, chain},
    mail::{Button, Letter, Mail},
    routes::OrgPage,
    telemetry::SPANS,
};

/// Takes people in. Cheap to clone.
#[derive(Clone)]
pub struct Newcomers {
    db: Db,
    cache: Cache,
    clock: Clock,
    mail: Mail,
}

impl Newcomers {
    pub fn new(db: Db, cache: Cache, clock: Clock, mail: Mail) -> Self {
        Self {
            db,
            cache,
            clock,
            mail,
        }
    }

    /// Makes somebody a member of the organization that takes in everybody with an address
    /// like theirs, if there is one and it has a seat. Never fails: it goes to the log.
    #[tracing::instrument(level = "debug", target = SPANS, name = "newcomers.take_in", skip_all)]
    pub async fn take_in(&self, user: UserId) {
        match self.try_to_take_in(user).await {
            Ok(Some(org)) => tracing::info!(
                user.id = %user,
                org.id = %org,
                "somebody became a member by their address"
            ),
            Ok(None) => {}
            Err(error) => tracing::warn!(
                user.id = %user,
                error = chain(&error),
                "somebody did not become a member by their address"
            ),
        }
    }

    async fn try_to_take_in(&self, user: UserId) -> Result<Option<OrgId>> {
        // The user first and then the organization, as everybody locks them.
        let mut tx = self.db.begin().await?;
        let Some(person) = db::users::hold_verified(&mut tx, user).await? else {
            return Ok(None);
        };
        let domain = MailDomain::of(&person.email).filter(|domain| !domain.is_public());
        let Some(domain) = domain else {
            return Ok(None);
        };
        let found = db::org_domains::find_joined(&mut tx, &domain).await?;
        let Some(id) = found else {
            return Ok(None);
        };
        let Some(org) = db::orgs::lock(&mut tx, id).await? else {
            return Ok(None);
        };
        let policy = db::org_domains::find_policy(&mut tx, id, &domain).await?;
        let is_stranger = db::members::find_suspension(&mut tx, id, user)
            .await?
            .is_none();
        if policy != Some(DomainPolicy::Joins) || !is_stranger {
            return Ok(None);
        }
        match let_in(&mut tx, id, user, self.clock.now()).await {
            Ok(()) => {}
            Err(Error::LimitReached(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        let activity = NewActivity {
            org: id,
            actor: Some(user),
            actor_name: &person.name,
            kind: ActivityKind::JoinedByDomain,
            subject: domain.as_str(),
            detail: "",
        };
        db::activity::insert(&mut tx, activity).await?;
        let letter = welcome(&person.name, &org.name, &org.slug, &domain);
        self.mail.post(&mut tx, &person.email, &letter).await?;
        self.cache.commit(tx, &outdated_by(&org.slug, user)).await?;
        Ok(Some(id))
    }
}

/// Makes somebody a member, if there is a seat: the one way in that is no invitation. The
/// caller holds the organization's row lock and has found that they may, and are no member.
///
/// # Errors
/// [`Error::LimitReached`], with a sentence for those who can make room.
pub async fn let_in(
    tx: &mut Tx,
    org: OrgId,
    user: UserId,
    now: time::OffsetDateTime,
) -> Result<()> {
    let seats = db::subscriptions::find_seats(tx, org, now).await?;
    if seats.free() < 1 {
        return Err(Error::LimitReached(format!(
            "{} Upgrade the plan or cancel an invitation, then try again.",
            seats.sentence()
        )));
    }
    db::members::insert(tx, org, user, Role::Member).await?;
    Ok(())
}

/// What may have been cached about somebody who was no member, and about the organization.
pub fn outdated_by(slug: &OrgSlug, user: UserId) -> [Key; 5] {
    [
        keys::membership(slug, user),
        keys::user_orgs(user),
        keys::member_page(slug, &MemberListQuery::default()),
        keys::org_overview(slug),
        keys::subscription(slug),
    ]
}

/// To somebody who did nothing but verify an address.
fn welcome(name: &str, org: &str, slug: &OrgSlug, domain: &MailDomain) -> Letter {
    let org = text::isolated(org);
    Letter {
        subject: format!("You are a member of {org}"),
        paragraphs: vec![
            format!("Hello {},", text::isolated(name)),
            format!(
                "{org} takes in everybody with an address at {domain}, so you are a member now. \
                 Its admins and members see your name and address."
            ),
        ],
        button: Some(Button {
            label: "Open the organization".to_owned(),
            path: OrgPage::Overview.path(slug),
        }),
        footnote: Some(
            "If you do not want to be a member, leave on the organization's page.".to_owned(),
        ),
    }
}
