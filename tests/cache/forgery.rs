//! Somebody else writes to Redis: values that no node stored for their place are misses, and
//! a write asks the database who makes it, whatever Redis says.

use orghub::{
    cache::Companions,
    config::{CacheKeys, Config},
    domain::{OrgName, OrgSegment, OrgSlug, Role},
    error::Error,
    orgs::OverviewOf,
    services::Services,
};
use orghub_test_support::{
    Counters, PATIENCE, PrivateRedis, TestApp, eventually, under_lease, user_of,
};
use tower_sessions::session::Id;

use crate::{Acme, loads, near_and_redis, only_redis, store::Store};

/// Somebody signed in, whose session is in Redis.
struct Victim {
    app: TestApp,
    user: orghub::auth::SignedIn,
    session: Id,
    store: Store,
    key: String,
    value: Vec<u8>,
}

impl Victim {
    async fn over(redis: &PrivateRedis) -> Self {
        let app = TestApp::start_with(only_redis(redis)).await;
        let user = app.user("Ada").await;
        let session = app.sign_in(&user).await;
        let mut store = Store::of(redis);
        let key = key_of_session(&app.services, &mut store, &session).await;
        let value = store.get(&key);
        Self {
            app,
            user,
            session,
            store,
            key,
            value,
        }
    }

    /// Has the session looked up and stored again.
    async fn store_anew(&mut self) {
        let node = &self.app.services;
        self.key = key_of_session(node, &mut self.store, &self.session).await;
        self.value = self.store.get(&self.key);
    }

    /// Nodes that heard of nothing yet: one that keeps nothing, one that keeps all it can.
    async fn nodes(&self, redis: &PrivateRedis) -> [Services; 2] {
        [
            self.app.another_node_with(only_redis(redis)).await,
            self.app.another_node_with(near_and_redis(redis)).await,
        ]
    }
}

/// The key of this session, whether there is such a session or not.
async fn key_of_session(node: &Services, store: &mut Store, id: &Id) -> String {
    store.clear();
    let _whoever = user_of(node, id).await;
    store.key("}").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_copied_to_another_sessions_key_is_nobodys() {
    let counters = Counters::listen();
    let redis = PrivateRedis::start();
    let mut victim = Victim::over(&redis).await;
    for node in victim.nodes(&redis).await {
        eventually("it is looked at and refused", PATIENCE, async || {
            let made_up = Id::default();
            let key = key_of_session(&victim.app.services, &mut victim.store, &made_up).await;
            let before = counters.rejected("forged");
            // Twice, because what was found must not be kept either.
            for _ in 0..2 {
                victim.store.set(&key, &victim.value);
                assert_eq!(user_of(&node, &made_up).await, None);
            }
            counters.rejected("forged") > before
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_copied_to_another_users_key_opens_nothing() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    let stranger = acme.app.user("Mallory").await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut store = Store::of(&redis);
    let key = store.key(&format!(":member:{}", acme.guest.id)).await;
    let value = store.get(&key);
    let of_stranger = key.replace(&acme.guest.id.to_string(), &stranger.id.to_string());
    let cold = acme.app.another_node_with(near_and_redis(&redis)).await;
    for node in [&acme.app.services, &cold] {
        store.set(&of_stranger, &value);
        let refused = node.access.require(&stranger, &acme.slug).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_is_verified_like_what_was_asked_for() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    acme.app.org("rival", &acme.guest).await;
    let mut store = Store::of(&redis);
    for slug in ["acme", "rival"] {
        let slug = OrgSlug::parse(slug).expect("a slug");
        let access = acme.app.access(&acme.guest, &slug).await;
        let overview = acme.app.services.orgs.get_overview(&access).await;
        overview.expect("an overview");
    }
    let (key, of_rival) = (
        store.key(":org:{acme}").await,
        store.key(":org:{rival}").await,
    );
    let of_rival = store.get(&of_rival);
    let access = acme.app.access(&acme.guest, &acme.slug).await;
    for is_believed in [true, false] {
        let loaded = async || {
            let cold = acme.app.another_node_with(near_and_redis(&redis)).await;
            if is_believed {
                // A transaction of another test makes what is read meanwhile look older than it
                // is. Then it is read and kept anew.
                let overview = acme.app.services.orgs.get_overview(&access).await;
                overview.expect("an overview");
            } else {
                store.set(&key, &of_rival);
            }
            let segment = OrgSegment::Slug(acme.slug.clone());
            let overview = |slug: &OrgSlug| {
                let slug = slug.clone();
                Companions::default().and(OverviewOf { slug })
            };
            let found = cold.access.find_with(&acme.guest, &segment, overview);
            found.await.expect("an answer");
            let access = cold.access.require(&acme.guest, &acme.slug).await;
            let access = access.expect("a member");
            let (overview, loaded) = loads(&cold, cold.orgs.get_overview(&access)).await;
            overview.expect("the overview of this very organization");
            cold.stop().await;
            loaded
        };
        if is_believed {
            let mut loaded = loaded;
            eventually("it comes along", PATIENCE, async || loaded().await == 0).await;
        } else {
            assert_eq!(under_lease(&acme.app.services.cache, loaded).await, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_what_is_stored_can_be_changed() {
    let redis = PrivateRedis::start();
    let mut victim = Victim::over(&redis).await;
    let node = victim.app.another_node_with(only_redis(&redis)).await;
    let loaded_with = async |victim: &mut Victim, value: &[u8]| {
        let look_up = async || {
            node.cache.wait_until_stored().await;
            victim.store.set(&victim.key, value);
            let (user, loaded) = loads(&node, user_of(&node, &victim.session)).await;
            assert_eq!(user, Some(victim.user.user().clone()));
            loaded
        };
        under_lease(&node.cache, look_up).await
    };
    // While a transaction of another test is open in the same cluster, what is stored could
    // have been read before the session began; what is stored later was not.
    eventually("as it is, it is believed", PATIENCE, async || {
        victim.store_anew().await;
        let value = victim.value.clone();
        loaded_with(&mut victim, &value).await == 0
    })
    .await;
    let value = victim.value.clone();
    // `codec` tries each bit.
    for byte in 0..value.len() {
        let mut changed = value.clone();
        changed[byte] ^= 1 << (byte % 8);
        assert_eq!(loaded_with(&mut victim, &changed).await, 1, "byte {byte}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_can_be_changed_and_a_key_taken_away_is_worth_nothing() {
    let counters = Counters::listen();
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(only_redis(&redis)).await;
    let ada = app.user("Ada").await;
    let session = app.sign_in(&ada).await;
    let mut store = Store::of(&redis);
    let with_keys = async |letters: &[&str]| {
        let keys: Vec<String> = letters.iter().map(|letter| letter.repeat(32)).collect();
        let keys = CacheKeys::parse(&keys.join(",")).expect("long enough");
        let configure = |config: &mut Config| config.cache_keys = keys;
        app.another_node_with(configure).await
    };
    let old = with_keys(&["a"]).await;
    let both = with_keys(&["b", "a"]).await;
    let new = with_keys(&["b"]).await;
    // How often the reader asks the database for what the writer has just stored, and how
    // often it finds it forged.
    let mut try_it = async |writer: &Services, reader: &Services| {
        store.clear();
        user_of(writer, &session).await;
        writer.cache.wait_until_stored().await;
        let before = counters.rejected("forged");
        let (user, loaded) = loads(reader, user_of(reader, &session)).await;
        assert_eq!(user, Some(ada.user().clone()));
        (loaded, counters.rejected("forged") - before)
    };
    for (writer, reader) in [(&old, &both), (&both, &new), (&new, &both)] {
        eventually("it is believed", PATIENCE, async || {
            try_it(writer, reader).await == (0, 0)
        })
        .await;
    }
    for (writer, reader) in [(&old, &new), (&both, &old), (&new, &old)] {
        eventually("it is refused", PATIENCE, async || {
            try_it(writer, reader).await == (1, 1)
        })
        .await;
    }
}

/// Who has the keys can show a session that never was, until it expires. It writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_signed_and_not_in_the_database_writes_nothing() {
    let redis = PrivateRedis::start();
    let mut victim = Victim::over(&redis).await;
    let app = &victim.app;
    let slug = app.org("acme", &victim.user).await;
    let (grace, name) = (app.user("Grace").await, OrgName::parse("Forged"));
    let name = name.expect("a name");
    let org = app.access(&victim.user, &slug).await.org_id();
    let grace_there = app.add_member(org, &grace, Role::Member).await;
    let of_grace = app.sign_in(&grace).await;
    let before = rows(app).await;
    // A session of nobody, and one of somebody else.
    for (session, keeps_near) in [
        (Id::default(), false),
        (Id::default(), true),
        (of_grace, false),
        (of_grace, true),
    ] {
        let own = key_of_session(&app.services, &mut victim.store, &victim.session).await;
        let value = victim.store.get(&own);
        let key = key_of_session(&app.services, &mut victim.store, &session).await;
        let forged = app.services.cache.signed_for(&key, &value);
        let mut shown = None;
        eventually("it is believed", PATIENCE, async || {
            let node = if keeps_near {
                app.another_node_with(near_and_redis(&redis)).await
            } else {
                app.another_node_with(only_redis(&redis)).await
            };
            victim.store.set(&key, &forged);
            let found = node.sessions.current_user(&session).await;
            let found = found.expect("an answer");
            let of_ada = found.filter(|user| user.id == victim.user.id);
            shown = of_ada.map(|user| (node, user));
            shown.is_some()
        })
        .await;
        let (node, shown) = shown.expect("it was believed");
        let access = node.access.require(&shown, &slug).await.expect("shown");
        let wanted = OrgSlug::parse("forged").expect("a slug");
        let orgs = &node.orgs;
        for outcome in [
            orgs.create(&shown, &name, &wanted).await.map(|_| ()),
            orgs.update(&access, &name, &slug).await.map(|_| ()),
            orgs.change_role(&access, grace_there, Role::Owner).await,
            orgs.remove_member(&access, grace_there).await,
            orgs.leave(&access).await,
        ] {
            assert!(matches!(outcome, Err(Error::SignedOut)), "{outcome:?}");
        }
    }
    assert_eq!(rows(app).await, before);
}

/// All that the use cases could have written.
async fn rows(app: &TestApp) -> String {
    sqlx::query_scalar(
        "select concat((select json_agg(organization)::text from organization),
                       (select json_agg(member order by id)::text from member),
                       (select json_agg(activity order by id)::text from activity))",
    )
    .fetch_one(app.services.db.pool())
    .await
    .expect("a text")
}
