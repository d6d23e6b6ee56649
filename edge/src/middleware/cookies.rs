//! Our cookies, and nobody else's.
//!
//! Several parties write one `Cookie` header: other programs on the same domain, whoever
//! can set a cookie for it, ourselves. So it is read pair by pair, as bytes, and only pairs
//! with a name of ours go on. A name is compared as it was sent: browsers keep the promise
//! of `__Host-` for that spelling alone, while libraries further in decode `%5F` and would
//! take a neighbor's cookie for ours. A name of ours that comes twice counts as none: one
//! of the two is not ours, and nobody can say which.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};
use orghub_ui::theme::Theme;

use crate::state::AppState;

/// Keeps our cookies of the request, and completes the removal of the session's.
pub async fn keep_ours(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let config = &state.services.config;
    let theme = Theme::cookie_name(config.cookie_is_secure());
    keep(request.headers_mut(), config.cookie_name(), theme);
    let mut response = next.run(request).await;
    if config.cookie_is_secure() {
        complete_removals(response.headers_mut(), config.cookie_name());
    }
    response
}

/// Leaves one `Cookie` header with the pairs named `theme`, `session`, or `session` with a
/// dash and something behind it, each once.
fn keep(headers: &mut HeaderMap, session: &str, theme: &str) {
    let header::Entry::Occupied(sent) = headers.entry(header::COOKIE) else {
        return;
    };
    let (_, values) = sent.remove_entry_mult();
    let values: Vec<HeaderValue> = values.collect();
    let pairs: Vec<(&[u8], &[u8])> = values
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let pair = pair.trim_ascii();
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
            (name == theme.as_bytes() || is_of_session(name, session.as_bytes()))
                .then_some((name, value))
        })
        .collect();

    let mut ours = Vec::new();
    for (name, value) in &pairs {
        let is_single = pairs.iter().filter(|(other, _)| other == name).count() == 1;
        if is_single && value.iter().all(u8::is_ascii_graphic) {
            if !ours.is_empty() {
                ours.extend_from_slice(b"; ");
            }
            ours.extend_from_slice(name);
            ours.push(b'=');
            ours.extend_from_slice(value);
        }
    }
    if let Ok(ours) = HeaderValue::from_bytes(&ours)
        && !ours.is_empty()
    {
        headers.insert(header::COOKIE, ours);
    }
}

fn is_of_session(name: &[u8], session: &[u8]) -> bool {
    match name.strip_prefix(session) {
        Some([]) => true,
        Some([b'-', rest @ ..]) => rest
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-')),
        _ => false,
    }
}

/// tower-sessions removes its cookie without attributes, and browsers then refuse to:
/// whoever writes a `__Host-` cookie has to say `Secure`, also to end it.
fn complete_removals(headers: &mut HeaderMap, name: &str) {
    let header::Entry::Occupied(mut set) = headers.entry(header::SET_COOKIE) else {
        return;
    };
    for value in set.iter_mut() {
        let removed = value
            .to_str()
            .ok()
            .and_then(|text| Cookie::parse(text).ok());
        let is_removal = removed.is_some_and(|cookie| {
            cookie.name() == name
                && cookie.max_age().is_some_and(|age| age.is_zero())
                && cookie.secure() != Some(true)
        });
        if is_removal {
            let mut gone = Cookie::build((name, ""))
                .path("/")
                .secure(true)
                .http_only(true)
                .same_site(SameSite::Lax)
                .build();
            gone.make_removal();
            if let Ok(complete) = HeaderValue::from_str(&gone.to_string()) {
                *value = complete;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "__Host-orghub";

    fn kept(headers: &[&[u8]]) -> String {
        let mut map = HeaderMap::new();
        for value in headers {
            let value = HeaderValue::from_bytes(value).expect("bytes a header may have");
            map.append(header::COOKIE, value);
        }
        keep(&mut map, NAME, "__Host-theme");
        let mut left = map.get_all(header::COOKIE).iter();
        let first = left.next().map(|value| value.to_str().expect("ASCII"));
        assert!(left.next().is_none(), "one header is left");
        first.unwrap_or_default().to_owned()
    }

    #[test]
    fn ours_go_on_whatever_stands_beside_them() {
        for (sent, expected) in [
            (&[b"__Host-orghub=a".as_slice()][..], "__Host-orghub=a"),
            (
                &[b"city=M\xc3\xbcnchen; __Host-orghub=a"],
                "__Host-orghub=a",
            ),
            (&[b"\xff\xfe; __Host-orghub=a; =; ;;x"], "__Host-orghub=a"),
            (&[b"a=1", b"__Host-orghub=a", b"b=\x80"], "__Host-orghub=a"),
            (&[b"  __Host-orghub = a  "], "__Host-orghub=a"),
            (
                &[b"__Host-theme=dark;__Host-orghub=a"],
                "__Host-theme=dark; __Host-orghub=a",
            ),
            (
                &[b"__Host-orghub-flash-update_org=%7B%7D"],
                "__Host-orghub-flash-update_org=%7B%7D",
            ),
            (&[b"__Host-orghub=a=b=="], "__Host-orghub=a=b=="),
            (&[b"__Host-orghub="], "__Host-orghub="),
            (&[b"orghub=a; theme=dark; x__Host-theme=a"], ""),
            (
                &[b"__Host-orghub-A=a; __Host-orghub-%66=a; __Host-orghubx=a"],
                "",
            ),
        ] {
            assert_eq!(kept(sent), expected, "{sent:?}");
        }
    }

    #[test]
    fn encoded_names_never_pass_for_ours() {
        for name in [
            "%5F%5FHost-orghub",
            "%5f%5fHost-orghub",
            "_%5FHost-orghub",
            "__%48ost-orghub",
            "__Host%2Dorghub",
            "__host-orghub",
            "__Host-orghub%00",
            "__Host-%6Frghub",
        ] {
            assert_eq!(kept(&[format!("{name}=stolen").as_bytes()]), "", "{name}");
            let beside = format!("{name}=stolen; __Host-orghub=a; {name}=stolen");
            assert_eq!(kept(&[beside.as_bytes()]), "__Host-orghub=a", "{name}");
        }
    }

    #[test]
    fn a_name_that_comes_twice_counts_as_none() {
        assert_eq!(kept(&[b"__Host-orghub=a; __Host-orghub=b"]), "");
        assert_eq!(kept(&[b"__Host-orghub=a", b"__Host-orghub=a"]), "");
        assert_eq!(
            kept(&[b"__Host-orghub=a; __Host-theme=x; __Host-orghub=b"]),
            "__Host-theme=x"
        );
    }

    #[test]
    fn a_value_no_cookie_can_have_is_none() {
        for value in [&b"a b"[..], b"a\xffb", b"\"a\tb\""] {
            assert_eq!(
                kept(&[&[b"__Host-orghub=", value].concat()]),
                "",
                "{value:?}"
            );
        }
    }

    #[test]
    fn the_sessions_removal_is_one_that_browsers_take() {
        let mut headers = HeaderMap::new();
        for value in [
            "__Host-orghub=; Path=/; Max-Age=0",
            "__Host-theme=dark; Path=/; Secure",
        ] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(value));
        }
        complete_removals(&mut headers, NAME);
        let set: Vec<_> = headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|value| value.to_str().expect("ASCII"))
            .collect();
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=0"] {
            assert!(set[0].contains(attribute), "{attribute} in {}", set[0]);
        }
        assert_eq!(set[1], "__Host-theme=dark; Path=/; Secure");
    }
}
