use std::collections::BTreeMap;

use orghub_test_support::{PATIENCE, PrivateRedis, eventually};

/// What Redis holds, past the program.
pub struct Store(redis::Connection);

impl Store {
    pub fn of(redis: &PrivateRedis) -> Self {
        Self(redis.connect())
    }

    /// All keys and their values.
    pub fn dump(&mut self) -> BTreeMap<String, Vec<u8>> {
        let keys = self.keys();
        keys.into_iter()
            .map(|key| (key.clone(), self.get(&key)))
            .collect()
    }

    pub fn keys(&mut self) -> Vec<String> {
        let all = redis::cmd("KEYS").arg("*").query(&mut self.0);
        all.expect("Redis answers")
    }

    /// The key that ends like this, once it is there: values are stored without anybody
    /// waiting.
    pub async fn key(&mut self, end: &str) -> String {
        let mut found = None;
        eventually("the value is stored", PATIENCE, async || {
            found = self.keys().into_iter().find(|key| key.ends_with(end));
            found.is_some()
        })
        .await;
        found.expect("it was found")
    }

    pub fn get(&mut self, key: &str) -> Vec<u8> {
        let value = redis::cmd("GET").arg(key).query(&mut self.0);
        value.expect("Redis answers")
    }

    pub fn set(&mut self, key: &str, value: &[u8]) {
        let command = redis::cmd("SET").arg(key).arg(value).exec(&mut self.0);
        command.expect("Redis answers");
    }

    pub fn clear(&mut self) {
        let command = redis::cmd("FLUSHALL").exec(&mut self.0);
        command.expect("Redis answers");
    }
}
