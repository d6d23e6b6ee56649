//! What the browser downloads besides pages.

use std::{fs, path::PathBuf};

use axum::body::Body;
use http::{Method, StatusCode};

use crate::site::{Site, Visitor, router_of};

/// A site's folder as `cargo leptos build` leaves it, in miniature.
fn site_root(test: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(root.join("pkg")).expect("a folder");
    fs::write(root.join("pkg/orghub.js"), "console.log('plain')").expect("a file");
    fs::write(root.join("pkg/orghub.js.br"), "the brotli file").expect("a file");
    fs::write(root.join("robots.txt"), "User-agent: *\n").expect("a file");
    root
}

#[tokio::test]
async fn files_are_sent_as_small_as_they_come_and_asked_for_again() {
    let site = Site::start().await;
    let root = site_root("files");
    let mut visitor = Visitor::of(router_of(
        &site.app.services,
        &[("LEPTOS_SITE_ROOT", root.to_str().expect("a plain path"))],
    ));

    let plain = visitor.open("/pkg/orghub.js").await;
    assert_eq!(
        (plain.status, plain.body.as_str()),
        (StatusCode::OK, "console.log('plain')")
    );
    assert_eq!(plain.header("cache-control"), "no-cache");
    assert!(plain.header("content-type").starts_with("text/javascript"));

    let headers = [("accept-encoding", "br, gzip")];
    let small = visitor
        .send(Method::GET, "/pkg/orghub.js", &headers, Body::empty())
        .await;
    assert_eq!(
        (small.header("content-encoding"), small.body.as_str()),
        ("br", "the brotli file")
    );
    for answer in [&plain, &small] {
        let vary = answer.header("vary").to_ascii_lowercase();
        assert!(vary.contains("accept-encoding"), "no cache mixes them up");
    }

    for (condition, validator) in [
        ("if-modified-since", "last-modified"),
        ("if-none-match", "etag"),
    ] {
        let known = [(condition, plain.header(validator))];
        let again = visitor
            .send(Method::GET, "/pkg/orghub.js", &known, Body::empty())
            .await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{condition}");
    }

    assert_eq!(visitor.open("/robots.txt").await.body, "User-agent: *\n");
}

#[tokio::test]
async fn what_is_neither_page_nor_file_is_not_found_in_a_page_of_ours() {
    let site = Site::start().await;
    let root = site_root("missing-files");
    let mut visitor = Visitor::of(router_of(
        &site.app.services,
        &[("LEPTOS_SITE_ROOT", root.to_str().expect("a plain path"))],
    ));
    for path in [
        "/no/such/page",
        "/pkg/no-such-file.js",
        "/pkg",
        "/pkg/../../Cargo.toml",
        "/pkg/%2e%2e/%2e%2e/Cargo.toml",
    ] {
        let answer = visitor.open(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert!(!answer.body.contains("[package]"), "{path}");
    }
    let posted = visitor.call("/no/such/endpoint", &[]).await;
    assert_eq!(posted.status, StatusCode::NOT_FOUND);
}
