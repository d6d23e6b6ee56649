//! The copies that the list is read from.

use orghub::domain::MemberListQuery;
use orghub_test_support::{PATIENCE, eventually};
use uuid::Uuid;

use super::crowd::Crowd;

impl Crowd {
    async fn commit(&self, tx: orghub::test_hooks::Tx) {
        let committed = self.app.services.cache.commit(tx, &[]).await;
        committed.expect("it commits");
    }

    /// Until a statement waits for a lock.
    async fn until_somebody_waits(&self) {
        eventually("somebody waits", PATIENCE, async || {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'",
            )
            .fetch_one(self.app.services.db.pool())
            .await
            .expect("a count");
            waiting == 1
        })
        .await;
    }

    /// Members whose row in the list is not what their other rows say.
    pub(super) async fn wrong_copies(&self) -> i64 {
        sqlx::query_scalar(
            "select count(*)
             from member
             join users on users.id = member.user_id
             left join member_use on member_use.member_id = member.id
             full join member_list as list on list.member_id = member.id
             where (
                     list.organization_id,
                     list.joined_at,
                     list.power,
                     list.is_suspended,
                     list.has_no_factor,
                     list.was_never_active,
                     list.search_key
                 ) is distinct from (
                     member.organization_id,
                     member.created_at,
                     array_position(array['member', 'billing', 'admin', 'owner'], member.role) - 1,
                     member.suspended_at is not null,
                     users.second_factor_at is null,
                     member_use.member_id is null,
                     users.search_key
                 )
                 or member_use.member_id is not null and (
                     member_use.organization_id,
                     member_use.class,
                     member_use.joined_at
                 ) is distinct from (
                     member.organization_id,
                     list.class,
                     member.created_at
                 )",
        )
        .fetch_one(self.app.services.db.pool())
        .await
        .expect("a count")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_follows_whatever_changes_about_a_member() {
    let crowd = Crowd::start(40).await;
    assert_eq!(crowd.wrong_copies().await, 0);
    for change in [
        "update users set name = 'Ægir', email = 'aegir@crowd.test' where email = 'person-7@crowd.test'",
        "update users set second_factor_at = now()",
        "update users set second_factor_at = null where email like '%3@crowd.test'",
        "update member set role = 'admin' where role = 'member'",
        "update member set suspended_at = now() where role = 'admin'",
        "update member set suspended_at = null, created_at = now() - interval '1 day'",
        "insert into member_use (member_id, last_active_at) select id, now() from member
             on conflict (member_id) do update set last_active_at = excluded.last_active_at",
        "delete from member_use where member_id in (select id from member limit 20)",
        "delete from member where role = 'billing'",
        "delete from users where email like '%4@crowd.test'",
    ] {
        crowd.app.sql(change).await;
        assert_eq!(crowd.wrong_copies().await, 0, "{change}");
    }
    let listed = crowd.list(&MemberListQuery::default()).await.page;
    assert_eq!(listed.rows.len() as i64, listed.total);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_while_their_name_changes_is_listed_by_the_new_name() {
    let crowd = Crowd::start(1).await;
    // Member and use were written by one statement.
    assert_eq!(crowd.wrong_copies().await, 0);
    for (name, joins_first) in [("Grace", true), ("Linus", false)] {
        let grace = crowd.app.user(name).await;
        let mut joining = crowd.app.begin().await;
        let mut renaming = crowd.app.begin().await;
        let join = sqlx::query(
            "insert into member (id, organization_id, user_id, role) values ($1, $2, $3, 'member')",
        )
        .bind(Uuid::now_v7())
        .bind(crowd.org().0)
        .bind(grace.id.0);
        let rename =
            sqlx::query("update users set name = 'Grace H.' where id = $1").bind(grace.id.0);
        if joins_first {
            join.execute(joining.conn()).await.expect("she joins");
            tokio::join!(
                async {
                    rename.execute(renaming.conn()).await.expect("renamed");
                    crowd.commit(renaming).await;
                },
                async {
                    crowd.until_somebody_waits().await;
                    crowd.commit(joining).await;
                }
            );
        } else {
            rename.execute(renaming.conn()).await.expect("renamed");
            tokio::join!(
                async {
                    join.execute(joining.conn()).await.expect("she joins");
                    crowd.commit(joining).await;
                },
                async {
                    crowd.until_somebody_waits().await;
                    crowd.commit(renaming).await;
                }
            );
        }
        assert_eq!(crowd.wrong_copies().await, 0, "joins first: {joins_first}");
    }
}
