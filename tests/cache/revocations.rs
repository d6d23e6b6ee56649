//! Each kind of credential, ended in each way there is: refused by the other node on the next
//! request, and before that already by its writes.

use orghub::{
    access::OrgAccess,
    domain::{OrgName, Permission, Role},
    error::Error,
    services::Services,
};
use orghub_test_support::{PATIENCE, PrivateRedis, browser, eventually, user_of};
use tower_sessions::session::Id;

use crate::{Acme, loads, near_and_redis, only_redis};

/// What lets the guest, an admin, in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credential {
    Session,
    Membership,
    Role,
}

/// How it ends.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// By the product.
    UseCase,
    /// By somebody at a prompt, or because something else was deleted.
    Sql(&'static str),
}

use Credential::{Membership, Role as AdminRole, Session};
use Way::{Sql, UseCase};

const ENDINGS: [(Credential, Way); 19] = [
    (Session, UseCase),
    (Session, Sql("delete from session")),
    (Session, Sql("update session set user_id = null")),
    (
        Session,
        Sql("update users set session_epoch = session_epoch + 1"),
    ),
    (
        Session,
        Sql("update users set banned_at = now() where name = 'Gus'"),
    ),
    (Session, Sql("truncate session cascade")),
    (Session, Sql("delete from users where name = 'Gus'")),
    (Membership, UseCase),
    (Membership, Sql("delete from member where role = 'admin'")),
    (
        Membership,
        Sql("update member set suspended_at = now() where role = 'admin'"),
    ),
    (Membership, Sql("delete from users where name = 'Gus'")),
    (Membership, Sql("delete from organization")),
    (Membership, Sql("truncate organization cascade")),
    (Membership, Sql("truncate member cascade")),
    (AdminRole, UseCase),
    (
        AdminRole,
        Sql("update member set role = 'member' where role = 'admin'"),
    ),
    (AdminRole, Sql("update member set role = 'member'")),
    (AdminRole, Sql("delete from users where name = 'Gus'")),
    (AdminRole, Sql("delete from organization")),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_away_in_whatever_way_is_gone_on_the_next_request_elsewhere() {
    let redis = PrivateRedis::start();
    for (credential, way) in ENDINGS {
        end_and_look(&redis, credential, way).await;
    }
}

async fn end_and_look(redis: &PrivateRedis, credential: Credential, way: Way) {
    let acme = Acme::start_with(near_and_redis(redis)).await;
    let session = acme.app.sign_in(&acme.guest).await;
    let others = [
        acme.app.another_node_with(near_and_redis(redis)).await,
        acme.app.another_node_with(only_redis(redis)).await,
    ];
    // They know it all and ask nobody.
    let mut access = None;
    for other in &others {
        eventually("it is cached", PATIENCE, async || {
            let (found, loaded) = loads(other, enter(other, &acme, &session)).await;
            access = found;
            loaded == 0
        })
        .await;
    }
    let access = access.expect("the guest is an admin");

    match way {
        UseCase => by_use_case(&acme, credential, &session).await,
        Sql(statement) => {
            let mut tx = acme.app.begin_as_owner().await;
            sqlx::query(statement)
                .execute(tx.conn())
                .await
                .expect("the statement runs");
            let position = tx.commit_at().await.expect("it commits");
            // Nobody has waited for the others yet, which is of no use to a write.
            for other in &others {
                let name = OrgName::parse("Changed").expect("a name");
                let late = other.orgs.update(&access, &name, &acme.slug).await;
                let is_refused = matches!(
                    late,
                    Err(Error::SignedOut | Error::NotFound | Error::Forbidden)
                );
                assert!(is_refused, "{credential:?}, {way:?}: {late:?}");
            }
            let cache = &acme.app.services.cache;
            cache.wait_until_applied(position).await;
        }
    }
    for other in &others {
        let found = enter(other, &acme, &session).await;
        assert!(found.is_none(), "{credential:?}, {way:?}: {found:?}");
        if credential == Session {
            assert_eq!(user_of(other, &session).await, None, "{way:?}");
        }
        other.stop().await;
    }
    acme.app.services.stop().await;
}

/// The proof of an admin with which a browser with this session comes to the settings.
async fn enter(node: &Services, acme: &Acme, session: &Id) -> Option<OrgAccess> {
    let user = node.sessions.current_user(session).await;
    let user = user.expect("an answer")?;
    match node.access.require(&user, &acme.slug).await {
        Ok(access) => access.require(Permission::UpdateOrg).ok().map(|()| access),
        Err(Error::NotFound) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn by_use_case(acme: &Acme, credential: Credential, session: &Id) {
    let services = &acme.app.services;
    let ended = match credential {
        Session => {
            let browser = browser(services, Some(*session));
            services.auth.sign_out(&browser).await
        }
        Membership => services.orgs.remove_member(&acme.access, acme.member).await,
        AdminRole => {
            let orgs = &services.orgs;
            orgs.change_role(&acme.access, acme.member, Role::Member)
                .await
        }
    };
    ended.expect("it ends");
}
