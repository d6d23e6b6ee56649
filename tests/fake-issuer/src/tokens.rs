//! What a code is exchanged for.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::hmac;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    Fault, Shared,
    authorization::{Grant, LAST_LOGIN},
    keys::{SigningKey, encode, random_text},
};

/// How long an ID token is valid, in seconds.
const LIFETIME: u64 = 300;

/// The standard's name of an error.
pub(crate) type Refusal = &'static str;

/// Answers a token request with this body, by a client that sent this `Authorization`.
pub(crate) fn exchange(
    shared: &Shared,
    authorization: Option<&str>,
    body: &str,
) -> Result<Value, Refusal> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(body).map_err(|_| "invalid_request")?;
    let get = |name: &str| {
        let found = pairs.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let client = authorization
        .and_then(basic)
        .unwrap_or_else(|| (get("client_id").to_owned(), get("client_secret").to_owned()));
    if client
        != (
            shared.config.client_id.clone(),
            shared.config.client_secret.clone(),
        )
    {
        return Err("invalid_client");
    }
    if get("grant_type") != "authorization_code" {
        return Err("unsupported_grant_type");
    }
    let mut state = shared.state();
    // Gone with the first look, whatever becomes of it.
    let grant = state.grants.remove(get("code")).ok_or("invalid_grant")?;
    let challenge = encode(Sha256::digest(get("code_verifier")));
    let now = state.now();
    let is_right = !grant.is_expired(now)
        && grant.challenge == challenge
        && grant.redirect_uri == get("redirect_uri");
    if !is_right {
        return Err("invalid_grant");
    }
    let mut answer = json!({
        "access_token": random_text(),
        "token_type": "Bearer",
        "expires_in": LIFETIME,
    });
    if state.fault != Some(Fault::NoIdToken) {
        let key = state.keys.last().expect("there is always one");
        answer["id_token"] = id_token(shared, state.fault, key, &grant, now).into();
    }
    Ok(answer)
}

/// Name and password in a `Basic` header, which OAuth encodes like a form's first.
fn basic(authorization: &str) -> Option<(String, String)> {
    let encoded = authorization.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(&format!("id={id}&secret={secret}")).ok()?;
    let mut values = pairs.into_iter().map(|(_, value)| value);
    Some((values.next()?, values.next()?))
}

fn id_token(
    shared: &Shared,
    fault: Option<Fault>,
    key: &SigningKey,
    grant: &Grant,
    now: u64,
) -> String {
    let claims = claims(shared, fault, grant, now);
    let algorithm = match fault {
        Some(Fault::Unsigned) => "none",
        Some(Fault::SharedSecret) => "HS256",
        _ => "ES256",
    };
    let header = json!({ "alg": algorithm, "typ": "JWT", "kid": key.id });
    let part = |value: &Value| encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&Value::Object(claims)));
    let signature = match fault {
        Some(Fault::Unsigned) => String::new(),
        Some(Fault::SharedSecret) => {
            let secret = shared.config.client_secret.as_bytes();
            encode(hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, secret),
                message.as_bytes(),
            ))
        }
        Some(Fault::WrongSignature) => key.sign("another message"),
        Some(Fault::ForgedKey) => SigningKey::generate().sign(&message),
        _ => key.sign(&message),
    };
    format!("{message}.{signature}")
}

fn claims(shared: &Shared, fault: Option<Fault>, grant: &Grant, now: u64) -> Map<String, Value> {
    let (client, other) = (shared.config.client_id.as_str(), "another-client");
    let person = &grant.person;
    let is = |wrong: Fault| fault == Some(wrong);
    let issued_at = if is(Fault::Expired) {
        now - 2 * LIFETIME
    } else {
        now
    };
    let login_at = if is(Fault::StaleLogin) {
        now - LAST_LOGIN
    } else {
        grant.login_at
    };
    let claims = json!({
        "iss": if is(Fault::WrongIssuer) { "https://other.test".to_owned() } else { shared.issuer() },
        "sub": person.subject,
        "aud": match fault {
            Some(Fault::WrongAudience) => json!(other),
            Some(Fault::FurtherAudience) => json!([client, other]),
            _ => json!(client),
        },
        "azp": if is(Fault::OtherParty) { other } else { client },
        "iat": issued_at,
        "exp": issued_at + LIFETIME,
        "nonce": if is(Fault::WrongNonce) { "of another request" } else { grant.nonce.as_str() },
        "auth_time": login_at,
        "name": person.name,
        "email": person.email,
        "email_verified": person.is_verified && !is(Fault::UnverifiedEmail),
    });
    let Value::Object(mut claims) = claims else {
        unreachable!("it was written as an object")
    };
    match fault {
        Some(Fault::NoNonce) => claims.remove("nonce"),
        Some(Fault::NoEmail) => claims.remove("email"),
        Some(Fault::NoLoginTime) => claims.remove("auth_time"),
        _ => None,
    };
    claims
}
