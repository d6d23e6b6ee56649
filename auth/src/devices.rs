//! Devices that an account signed in on before.
//!
//! A stranger's guesses must not keep an account's owner out. So a browser keeps a mark of
//! each account that signed in on it, and attempts with the mark are counted apart from
//! those of strangers (`limits`). A mark opens nothing: without the password it is worth a
//! few guesses.
//!
//! Marks are signed and the database does not know them. A mark names the account, its
//! address at the time (as a keyed hash) and its session epoch, so that it ends when all
//! sessions end, as they do with a change of the password. Otherwise it lives a year, and
//! signing out leaves it: the device is known all the same.
//!
//! (The protocol is OWASP's, "Slow Down Online Guessing Attacks with Device Cookies".)

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::limits::Who;
use crate::{
    config::DeviceKeys,
    domain::{CurrentUser, Email, UserId},
};

/// How long a mark is good, and a browser keeps it.
pub const DEVICE_LIFETIME: Duration = Duration::days(365);

/// Most accounts that one browser keeps marks of: a family's computer. The oldest goes.
const MOST_MARKS: usize = 4;

/// Between the marks of a cookie; no digit of theirs.
const SEPARATOR: char = '.';

const VERSION: u8 = 1;
/// HMAC-SHA-256, cut to 128 bits.
const CODE_BYTES: usize = 16;
const ADDRESS_BYTES: usize = 8;

/// The device cookie of a request, and of its answer.
#[derive(Clone, Default)]
pub struct DeviceCookie {
    sent: Option<String>,
    set: Arc<OnceLock<String>>,
}

impl DeviceCookie {
    /// What the browser sent: anything, until a signature is found in it.
    pub fn sent(value: String) -> Self {
        Self {
            sent: Some(value),
            ..Self::default()
        }
    }

    /// What the browser is to keep from now on, if somebody signed in.
    pub fn to_set(&self) -> Option<&str> {
        self.set.get().map(String::as_str)
    }

    fn marks(&self) -> impl Iterator<Item = &str> {
        let sent = self.sent.as_deref().unwrap_or_default();
        sent.split(SEPARATOR).take(MOST_MARKS)
    }
}

impl fmt::Debug for DeviceCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCookie(…)")
    }
}

/// A device on which this account signed in before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Device {
    pub user: UserId,
    /// The account's session epoch at the time.
    pub epoch: i32,
    /// Tells it from the account's other devices.
    pub id: [u8; 16],
}

/// Makes marks and recognizes them.
#[derive(Clone)]
pub(super) struct Devices {
    /// The first signs, all verify.
    keys: Vec<Hmac<Sha256>>,
}

impl Devices {
    pub(super) fn new(keys: &DeviceKeys) -> Self {
        let key = |text: &[u8]| Hmac::new_from_slice(text).expect("HMAC takes keys of any length");
        Self {
            keys: keys.bytes().map(key).collect(),
        }
    }

    /// Has the browser keep a new mark of the account that signed in, beside those of
    /// others.
    pub(super) fn remember(
        &self,
        cookie: &DeviceCookie,
        user: &CurrentUser,
        epoch: i32,
        now: OffsetDateTime,
    ) {
        let key = self.keys.first().expect("there is a key to sign with");
        let mark = Mark {
            user: user.id,
            address: address_code(key, &user.email),
            epoch,
            issued: now.unix_timestamp(),
            id: rand::random(),
        };
        let others = cookie.marks().filter(|text| {
            let read = self.read(text, now);
            read.is_some_and(|(_, mark)| mark.user != user.id)
        });
        let marks: Vec<String> = [mark.signed(key)]
            .into_iter()
            .chain(others.map(str::to_owned))
            .take(MOST_MARKS)
            .collect();
        // Whoever signed in first in a request signed in.
        let _set_before = cookie.set.set(marks.join(&SEPARATOR.to_string()));
    }

    /// The device, if the browser has a mark of this account. Whether it still counts, the
    /// account's row says: see [`Device::is_of`].
    pub(super) fn find(
        &self,
        cookie: &DeviceCookie,
        who: Who<'_>,
        now: OffsetDateTime,
    ) -> Option<Device> {
        cookie.marks().find_map(|text| {
            let (key, mark) = self.read(text, now)?;
            let is_meant = match who {
                Who::Address(email) => mark.address == address_code(key, email),
                Who::User(user) => mark.user == user,
            };
            is_meant.then_some(Device {
                user: mark.user,
                epoch: mark.epoch,
                id: mark.id,
            })
        })
    }

    /// The mark in `text` with the key that signed it.
    fn read(&self, text: &str, now: OffsetDateTime) -> Option<(&Hmac<Sha256>, Mark)> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, code) = bytes.split_last_chunk::<CODE_BYTES>()?;
        let signed_it = |key: &&Hmac<Sha256>| {
            code_of(key, "mark", body)
                .verify_truncated_left(code)
                .is_ok()
        };
        let key = self.keys.iter().find(signed_it)?;
        let mark = Mark::read(body)?;
        let age = now.unix_timestamp() - mark.issued;
        (age < DEVICE_LIFETIME.whole_seconds()).then_some((key, mark))
    }
}

impl Device {
    /// Whether it is one of this account, and no change of the password has ended it.
    pub(super) fn is_of(&self, user: UserId, epoch: i32) -> bool {
        self.user == user && self.epoch == epoch
    }
}

/// What a mark says, signed.
struct Mark {
    user: UserId,
    /// A keyed hash of the account's address.
    address: [u8; ADDRESS_BYTES],
    epoch: i32,
    /// In seconds of Unix time.
    issued: i64,
    id: [u8; 16],
}

impl Mark {
    fn signed(&self, key: &Hmac<Sha256>) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.user.0.as_bytes());
        bytes.extend_from_slice(&self.address);
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&self.issued.to_be_bytes());
        bytes.extend_from_slice(&self.id);
        let code = code_of(key, "mark", &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&code[..CODE_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let ([version], rest) = bytes.split_first_chunk()?;
        let (user, rest) = rest.split_first_chunk()?;
        let (address, rest) = rest.split_first_chunk()?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let (issued, rest) = rest.split_first_chunk()?;
        let mark = Self {
            user: UserId(Uuid::from_bytes(*user)),
            address: *address,
            epoch: i32::from_be_bytes(*epoch),
            issued: i64::from_be_bytes(*issued),
            id: rest.try_into().ok()?,
        };
        (*version == VERSION).then_some(mark)
    }
}

fn address_code(key: &Hmac<Sha256>, email: &Email) -> [u8; ADDRESS_BYTES] {
    let code = code_of(key, "address", email.as_str().as_bytes());
    let mut short = [0; ADDRESS_BYTES];
    short.copy_from_slice(&code.finalize().into_bytes()[..ADDRESS_BYTES]);
    short
}

/// `kind` has no zero in it, so that it ends there.
fn code_of(key: &Hmac<Sha256>, kind: &str, bytes: &[u8]) -> Hmac<Sha256> {
    key.clone()
        .chain_update(kind)
        .chain_update([0])
        .chain_update(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-06-01 12:00 UTC);

    fn devices(keys: &[char]) -> Devices {
        let keys: Vec<String> = keys
            .iter()
            .map(|letter| letter.to_string().repeat(32))
            .collect();
        Devices::new(&DeviceKeys::parse(&keys.join(",")).expect("long enough"))
    }

    fn user(name: &str) -> CurrentUser {
        CurrentUser {
            id: UserId::new(),
            name: name.to_owned(),
            email: Email::parse(&format!("{name}@users.test")).expect("an address"),
            email_verified: true,
            platform_admin: false,
            has_second_factor: false,
            picture: None,
        }
    }

    /// The cookie after `user` signed in on a browser with `cookie`.
    fn signed_in(devices: &Devices, cookie: &DeviceCookie, user: &CurrentUser) -> DeviceCookie {
        devices.remember(cookie, user, 3, NOON);
        DeviceCookie::sent(cookie.to_set().expect("somebody signed in").to_owned())
    }

    #[test]
    fn a_device_is_known_by_address_and_by_account() {
        let (devices, ada, bob) = (devices(&['a']), user("ada"), user("bob"));
        let browser = signed_in(&devices, &DeviceCookie::default(), &ada);
        let found = devices.find(&browser, Who::Address(&ada.email), NOON);
        let found = found.expect("ada signed in here");
        assert!(found.is_of(ada.id, 3));
        assert!(!found.is_of(ada.id, 4), "her password was changed");
        assert!(!found.is_of(bob.id, 3), "her address is his now");
        assert_eq!(devices.find(&browser, Who::User(ada.id), NOON), Some(found));
        assert_eq!(devices.find(&browser, Who::Address(&bob.email), NOON), None);
        assert_eq!(devices.find(&browser, Who::User(bob.id), NOON), None);
    }

    #[test]
    fn a_browser_keeps_the_last_accounts_each_once() {
        let devices = devices(&['a']);
        let people: Vec<CurrentUser> = ["a", "b", "c", "d", "e"].map(user).into();
        let mut browser = DeviceCookie::default();
        for person in [0, 1, 0, 2, 1, 3, 4].map(|index| &people[index]) {
            browser = signed_in(&devices, &browser, person);
        }
        let knows = |person: &CurrentUser| {
            let found = devices.find(&browser, Who::Address(&person.email), NOON);
            found.is_some()
        };
        let known: Vec<bool> = people.iter().map(knows).collect();
        assert_eq!(known, [false, true, true, true, true]);
        let size = browser.sent.expect("a value").len();
        assert!(size < 400, "{size} bytes");
    }

    #[test]
    fn a_mark_ends_after_a_year() {
        let (devices, ada) = (devices(&['a']), user("ada"));
        let browser = signed_in(&devices, &DeviceCookie::default(), &ada);
        let found = |now| devices.find(&browser, Who::User(ada.id), now).is_some();
        assert!(found(NOON + DEVICE_LIFETIME - Duration::SECOND));
        assert!(!found(NOON + DEVICE_LIFETIME));
    }

    #[test]
    fn nobody_else_can_make_one_or_change_it() {
        let (ours, ada) = (devices(&['a']), user("ada"));
        let browser = signed_in(&ours, &DeviceCookie::default(), &ada);
        let value = browser.sent.clone().expect("a value");
        let finds = |value: &str| {
            let cookie = DeviceCookie::sent(value.to_owned());
            ours.find(&cookie, Who::User(ada.id), NOON).is_some()
        };
        assert!(finds(&value));
        for index in 0..value.len() {
            let mut changed = value.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(!finds(&changed), "{index}");
        }
        for value in ["", ".", "....", "AAAA", "é", &value[..value.len() - 4]] {
            assert!(!finds(value), "{value:?}");
        }
        let theirs = signed_in(&devices(&['b']), &DeviceCookie::default(), &ada);
        assert!(!finds(&theirs.sent.expect("a value")));
        assert!(!finds(&format!("x.x.x.x.{value}")), "not read so far");
    }

    #[test]
    fn while_keys_are_rotated_old_and_new_marks_count() {
        let ada = user("ada");
        let (old, both, new) = (devices(&['a']), devices(&['b', 'a']), devices(&['b']));
        let finds = |devices: &Devices, browser: &DeviceCookie| {
            let who = Who::Address(&ada.email);
            devices.find(browser, who, NOON).is_some()
        };
        let of_old = signed_in(&old, &DeviceCookie::default(), &ada);
        assert!(finds(&both, &of_old) && !finds(&new, &of_old));
        let of_both = signed_in(&both, &of_old, &ada);
        assert!(finds(&new, &of_both), "the first key signs");
    }

    #[test]
    fn it_does_not_show_itself() {
        let browser = signed_in(&devices(&['a']), &DeviceCookie::default(), &user("ada"));
        let value = browser.sent.clone().expect("a value");
        assert!(!format!("{browser:?}").contains(&value));
    }
}
