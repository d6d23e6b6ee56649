//! The slugs that an organization had before.

use orghub::{
    domain::{OrgName, OrgSlug},
    error::Error,
};

use crate::Acme;

#[tokio::test(flavor = "multi_thread")]
async fn former_slugs_are_listed_until_they_are_taken_back() {
    let acme = Acme::start().await;
    let orgs = &acme.node().orgs;
    let name = || OrgName::parse("Acme").expect("a name");
    let slug = |text: &str| OrgSlug::parse(text).expect("a slug");
    let former = async |at: &str| {
        let access = acme.app.access(&acme.admin, &slug(at)).await;
        let former = orgs.list_former_slugs(&access).await.expect("a list");
        former
            .slugs
            .iter()
            .map(OrgSlug::to_string)
            .collect::<Vec<_>>()
    };
    assert!(former("acme").await.is_empty());
    let access = acme.access(&acme.admin).await;
    orgs.update(&access, name(), slug("anvils"))
        .await
        .expect("moved");
    assert_eq!(former("anvils").await, ["acme"]);
    let access = acme.app.access(&acme.admin, &slug("anvils")).await;
    orgs.update(&access, name(), slug("acme"))
        .await
        .expect("moved");
    assert_eq!(former("acme").await, ["anvils"]);

    let access = acme.access(&acme.member).await;
    let refused = orgs.list_former_slugs(&access).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
}
