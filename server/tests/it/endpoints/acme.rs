//! The organization that the tables are about, and its visitors.

use fake_stripe::FakeStripe;
use orghub::{
    auth::SignedIn,
    domain::{MemberId, OrgId, Role},
};

use super::Who;
use crate::site::{Site, Visitor};

/// `acme` and users for it to gain and lose.
pub struct Acme {
    site: Site,
    /// What the site talks to as long as it is there.
    _stripe: FakeStripe,
    id: OrgId,
    users: u32,
}

impl Acme {
    async fn create() -> Self {
        let stripe = FakeStripe::start(fake_stripe::Config::default()).await;
        let stripe = stripe.expect("the fake listens");
        let site = Site::start_with(|config| config.stripe.api_base = Some(stripe.url())).await;
        let ada = site.app.user("Ada").await;
        let id = site.org("acme", &ada).await;
        // Room for everybody who comes.
        let seats =
            "insert into limit_override (organization_id, members) values ($1::uuid, 10000)";
        site.app.sql_with(seats, &[&id.to_string()]).await;
        Self {
            site,
            _stripe: stripe,
            id,
            users: 0,
        }
    }

    async fn user(&mut self) -> SignedIn {
        self.users += 1;
        self.site.app.user(&format!("User {}", self.users)).await
    }

    async fn member(&mut self, role: Role) -> MemberId {
        let user = self.user().await;
        self.site.app.add_member(self.id, &user, role).await
    }

    /// What `who` needs `acme` to be.
    pub async fn create_for(who: Who) -> Self {
        let acme = Self::create().await;
        let change = match who {
            Who::WithoutSecondFactor => "update organization set second_factor_from = now()",
            Who::OwnerOfDeleted | Who::AdminOfDeleted => {
                "update organization set deleted_at = now()"
            }
            _ => return acme,
        };
        acme.site.app.sql(change).await;
        acme.site
            .app
            .services
            .flush_all_by_operator()
            .await
            .expect("flushed");
        acme
    }

    /// A new visitor of that kind.
    pub async fn visitor(&mut self, who: Who) -> Visitor {
        let role = match who {
            Who::Visitor => return self.site.visitor(),
            Who::Outsider => None,
            Who::Member(role) => Some(role),
            Who::AdminOfDeleted => Some(Role::Admin),
            Who::Suspended | Who::Banned | Who::WithoutSecondFactor | Who::OwnerOfDeleted => {
                Some(Role::Owner)
            }
        };
        let user = self.user().await;
        if let Some(role) = role {
            self.site.app.add_member(self.id, &user, role).await;
        }
        let visitor = self.site.sign_in(&user).await;
        let change = match who {
            Who::Suspended => "update member set suspended_at = now() where user_id = $1::uuid",
            Who::Banned => "update users set banned_at = now() where id = $1::uuid",
            _ => return visitor,
        };
        self.site
            .app
            .sql_with(change, &[&user.id.to_string()])
            .await;
        // By hand, so nobody waits until all nodes have heard of it.
        let flushed = self
            .site
            .app
            .services
            .flush_user_by_operator(&user.email)
            .await;
        flushed.expect("flushed");
        visitor
    }

    /// The id of a new invitation, sent long enough ago to be sent again.
    async fn invitation(&mut self, role: &str) -> String {
        let id = MemberId::new().to_string();
        let invite = "insert into invitation \
                      (id, organization_id, email, role, sent_at, expires_at) \
                      values ($1::uuid, $2::uuid, $1 || '@elsewhere.test', $3, \
                              now() - interval '1 hour', now() + interval '7 days')";
        let org = self.id.to_string();
        self.site.app.sql_with(invite, &[&id, &org, role]).await;
        id
    }

    /// A link by which people can join.
    async fn join_link(&mut self) -> String {
        let (id, org) = (MemberId::new().to_string(), self.id.to_string());
        let insert = "insert into join_link \
                      (id, organization_id, token_hash, created_at, asks_first) \
                      values ($1::uuid, $2::uuid, sha256($1::text::bytea), now(), false)";
        self.site.app.sql_with(insert, &[&id, &org]).await;
        id
    }

    /// Somebody who asks to join.
    async fn join_request(&mut self) -> String {
        let (id, org) = (MemberId::new().to_string(), self.id.to_string());
        let user = self.user().await.id.to_string();
        let insert = "insert into join_request \
                      (id, organization_id, user_id, domain, created_at) \
                      values ($1::uuid, $2::uuid, $3::uuid, 'users.test', now())";
        self.site.app.sql_with(insert, &[&id, &org, &user]).await;
        id
    }

    /// `form` with its placeholders filled.
    pub async fn fill(&mut self, form: &str) -> String {
        let mut form = form.to_owned();
        for (placeholder, role) in [("{member}", Role::Member), ("{owner}", Role::Owner)] {
            if form.contains(placeholder) {
                form = form.replace(placeholder, &self.member(role).await.to_string());
            }
        }
        if form.contains("{suspended}") {
            let id = self.member(Role::Member).await.to_string();
            let suspend = "update member set suspended_at = now() where id = $1::uuid";
            self.site.app.sql_with(suspend, &[&id]).await;
            form = form.replace("{suspended}", &id);
        }
        for (placeholder, role) in [("{invitation}", "member"), ("{offer_to_own}", "owner")] {
            if form.contains(placeholder) {
                form = form.replace(placeholder, &self.invitation(role).await);
            }
        }
        if form.contains("{join_link}") {
            form = form.replace("{join_link}", &self.join_link().await);
        }
        if form.contains("{join_request}") {
            form = form.replace("{join_request}", &self.join_request().await);
        }
        self.users += 1;
        form.replace("{fresh}", &format!("fresh-{}", self.users))
    }
}
