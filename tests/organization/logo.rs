//! The logo: made anew from what was sent, and seen by everybody at once.

use orghub::error::Error;

use crate::{Acme, field, png};

#[tokio::test(flavor = "multi_thread")]
async fn a_logo_is_made_anew_and_everybody_sees_it_at_once() {
    let acme = Acme::start().await;
    let other = acme.app.another_node().await;
    let access = acme.access(&acme.admin).await;
    for node in [acme.node(), &other] {
        let seen = node.access.require(&acme.member, &acme.slug).await;
        assert_eq!(seen.expect("a member").membership().org_logo, None);
        node.orgs.list_mine(&acme.member).await.expect("a list");
    }

    let sent = png(300);
    let orgs = &acme.node().orgs;
    orgs.change_logo(&access, sent.clone())
        .await
        .expect("a logo");
    let mut hashes = Vec::new();
    for node in [acme.node(), &other] {
        let seen = node.access.require(&acme.member, &acme.slug).await;
        hashes.push(seen.expect("a member").membership().org_logo);
        let mine = node.orgs.list_mine(&acme.member).await.expect("a list");
        hashes.push(mine[0].logo);
    }
    let hash = hashes[0].expect("a logo");
    assert!(hashes.iter().all(|other| *other == Some(hash)));
    let kept = acme
        .node()
        .pictures
        .get(&hash)
        .await
        .expect("it is there")
        .0;
    assert_ne!(kept, sent);
    assert!(kept.starts_with(&[0xff, 0xd8]), "a JPEG");

    orgs.remove_logo(&access).await.expect("removed");
    assert_eq!(acme.access(&acme.owner).await.membership().org_logo, None);
    let gone = acme.node().pictures.get(&hash).await;
    assert!(matches!(gone, Err(Error::NotFound)));
    orgs.remove_logo(&access).await.expect("nothing to do");
    let logged = acme.logged().await;
    assert_eq!(
        logged,
        ["org.created", "org.logo_changed", "org.logo_removed"]
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_update_an_organization_changes_its_logo() {
    let acme = Acme::start().await;
    let orgs = &acme.node().orgs;
    let access = acme.access(&acme.member).await;
    let refused = orgs.change_logo(&access, png(9)).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let refused = orgs.remove_logo(&access).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");

    let access = acme.access(&acme.admin).await;
    for sent in [Vec::new(), b"<svg/>".to_vec(), vec![0; 1024 * 1024 + 1]] {
        assert_eq!(field(orgs.change_logo(&access, sent).await), "logo");
    }
    // Demoted since the proof was made.
    acme.app
        .sql_announced("update member set role = 'member' where role = 'admin'")
        .await;
    let refused = orgs.change_logo(&access, png(9)).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    assert_eq!(
        acme.number("select count(*) from organization_logo").await,
        0
    );
}
