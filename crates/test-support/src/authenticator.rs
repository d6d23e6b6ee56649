//! A device with passkeys, and the browser in front of it, as far as a server sees them. It
//! does what it is asked for, and lies where a test wants it to.

use std::sync::atomic::{AtomicU8, Ordering};

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The user is there; they were recognized; the answer has a new key.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const NEW_KEY: u8 = 0x40;

/// One passkey on one device.
#[derive(Clone)]
pub struct Authenticator {
    key: SigningKey,
    id: [u8; 16],
    /// Whose it is, as the site calls them.
    user_handle: String,
    /// The site it is for.
    pub site: String,
    /// The page that the browser says it shows.
    pub origin: String,
    /// How often it was used; 0 stays 0, as with devices that do not count.
    pub counter: u32,
    /// Whether it recognizes its user.
    pub verifies: bool,
}

impl Authenticator {
    /// A device at `origin`, without a passkey yet.
    pub fn at(origin: &str) -> Self {
        static MADE: AtomicU8 = AtomicU8::new(1);
        let seed = MADE.fetch_add(1, Ordering::Relaxed);
        let mut id = Sha256::digest([seed]).to_vec();
        id.truncate(16);
        Self {
            key: SigningKey::from_bytes(&[seed; 32]),
            id: id.try_into().expect("16 bytes"),
            user_handle: String::new(),
            site: String::new(),
            origin: origin.to_owned(),
            counter: 0,
            verifies: true,
        }
    }

    /// Makes the passkey that `question` asks for, and returns the browser's answer.
    pub fn make(&mut self, question: &str) -> String {
        let question = parse(question);
        self.site = text(&question["rp"]["id"]);
        self.user_handle = text(&question["user"]["id"]);
        let client_data = self.client_data("webauthn.create", &question);

        let mut data = self.data(NEW_KEY);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        // A key of Ed25519 in COSE: {1: 1, 3: -8, -1: 6, -2: its bytes}.
        data.extend([0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20]);
        data.extend(self.key.verifying_key().to_bytes());
        // And around it, in CBOR: {"fmt": "none", "attStmt": {}, "authData": its bytes}.
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("less than 256 bytes"));
        object.extend(data);

        self.answer(json!({
            "clientDataJSON": base64(client_data.as_bytes()),
            "attestationObject": base64(&object),
            "transports": ["internal"],
        }))
    }

    /// Uses the passkey for what `question` asks, and returns the browser's answer.
    pub fn use_it(&mut self, question: &str) -> String {
        if self.counter > 0 {
            self.counter += 1;
        }
        self.answer_again(question)
    }

    /// The same, without counting.
    pub fn answer_again(&self, question: &str) -> String {
        let client_data = self.client_data("webauthn.get", &parse(question));
        let data = self.data(0);
        let signed = [data.clone(), Sha256::digest(&client_data).to_vec()].concat();
        self.answer(json!({
            "clientDataJSON": base64(client_data.as_bytes()),
            "authenticatorData": base64(&data),
            "signature": base64(&self.key.sign(&signed).to_bytes()),
            "userHandle": self.user_handle,
        }))
    }

    fn client_data(&self, kind: &str, question: &Value) -> String {
        json!({
            "type": kind,
            "challenge": question["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(&self.site).to_vec();
        data.push(PRESENT | verified | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn answer(&self, response: Value) -> String {
        json!({
            "id": base64(&self.id),
            "rawId": base64(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": response,
            "clientExtensionResults": {},
        })
        .to_string()
    }
}

fn parse(question: &str) -> Value {
    serde_json::from_str(question).expect("a question in JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn base64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
