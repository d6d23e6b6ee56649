//! What text means to the program and what it means to the database: the same, in a
//! cluster whose own locale knows ASCII only.

use orghub::{
    Db,
    domain::{Email, text},
};
use orghub_test_support::TestDatabase;

/// As many texts as one statement is asked about.
const BATCH: usize = 20_000;

async fn database() -> Db {
    let database = TestDatabase::create().await;
    Db::open_for_maintenance(&database.owner_url)
        .await
        .expect("the database opens")
}

/// What the database makes of each text.
struct Stored {
    folded: String,
    key: String,
    /// The program's form, folded once more.
    refolded: String,
}

async fn stored(db: &Db, texts: &[String]) -> Vec<Stored> {
    let folded: Vec<String> = texts.iter().map(|text| text::folded(text)).collect();
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "select text_folded(value), text_key(value), text_folded(folded)
         from unnest($1::text[], $2::text[]) with ordinality as given (value, folded, position)
         order by position",
    )
    .bind(texts)
    .bind(&folded)
    .fetch_all(db.pool())
    .await
    .expect("an answer for each text");
    let stored = rows.into_iter().map(|(folded, key, refolded)| Stored {
        folded,
        key,
        refolded,
    });
    stored.collect()
}

/// Every character but NUL, which PostgreSQL does not store, and those that stand for
/// nothing in private.
fn characters() -> impl Iterator<Item = char> {
    ('\u{1}'..='\u{33fff}').chain('\u{e0000}'..='\u{e01ff}')
}

/// Whether `c` is from the blocks of the letters that have cases or accents in languages of
/// today, all older than any PostgreSQL in use.
fn is_well_known(c: char) -> bool {
    matches!(c, '\u{1}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}' | '\u{2100}'..='\u{218f}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{ff00}'..='\u{ffef}')
}

#[tokio::test]
async fn program_and_database_fold_every_character_alike() {
    let db = database().await;
    let texts: Vec<(char, String)> = characters()
        .flat_map(|c| [(c, c.to_string()), (c, format!("Σ{c}\u{301}"))])
        .collect();
    let mut newer = 0;
    for texts in texts.chunks(BATCH) {
        let (characters, texts): (Vec<char>, Vec<String>) = texts.iter().cloned().unzip();
        for ((c, text), stored) in characters
            .into_iter()
            .zip(&texts)
            .zip(stored(&db, &texts).await)
        {
            let folded = text::folded(text);
            assert_eq!(
                stored.refolded, folded,
                "what the program stores, of {text:?}"
            );
            assert_eq!(text::folded(&folded), folded, "twice, of {text:?}");
            if stored.folded != folded || stored.key != text::key(text) {
                // The program's tables can be newer than the database's, which leaves a
                // letter that it does not know as it is.
                assert!(
                    !is_well_known(c),
                    "{text:?}: {:?}, {:?}",
                    stored.folded,
                    stored.key
                );
                assert!(stored.folded.contains(c), "{text:?}: {:?}", stored.folded);
                newer += 1;
            }
        }
    }
    assert!(
        newer < 1_000,
        "{newer} characters are not known to the database"
    );
}

#[tokio::test]
async fn program_and_database_fold_texts_alike() {
    let db = database().await;
    // Letters that change others, and others.
    let pool: Vec<char> = ('\u{1}'..='\u{33fff}')
        .filter(|c| is_well_known(*c))
        .chain(
            "ΣσςİıIßẞǅ\u{301}\u{307}\u{327}\u{345}\u{323} aAéÉ"
                .chars()
                .cycle()
                .take(4_000),
        )
        .collect();
    let mut random = Random(1);
    let texts: Vec<String> = (0..BATCH)
        .map(|_| {
            (0..1 + random.below(8))
                .map(|_| pool[random.below(pool.len())])
                .collect()
        })
        .collect();
    for (text, stored) in texts.iter().zip(stored(&db, &texts).await) {
        assert_eq!(stored.folded, text::folded(text), "{text:?}");
        assert_eq!(stored.refolded, stored.folded, "{text:?}");
        assert_eq!(stored.key, text::key(text), "{text:?}");
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same texts in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("it is below a length")
    }
}

#[tokio::test]
async fn what_is_written_at_a_prompt_is_stored_in_the_one_spelling() {
    let db = database().await;
    let insert = "insert into users (id, email, name, password_hash)
                  values (gen_random_uuid(), $1, $2, 'none') returning email, name";
    let insert = async |email: &str, name: &str| {
        sqlx::query_as::<_, (String, String)>(insert)
            .bind(email)
            .bind(name)
            .fetch_one(db.pool())
            .await
    };
    for address in [
        "Łucja@bug.test",
        "JOSE\u{301}@bug.test",
        "ΟΔΥΣΣΕΥΣ@bug.test",
    ] {
        let (email, name) = insert(address, "Jose\u{301}").await.expect("it is stored");
        assert_eq!(email, Email::parse(address).expect("an address").as_str());
        assert_eq!(name, "Jos\u{e9}");
    }
    let again = insert("łucja@bug.test", "Another").await;
    assert!(again.is_err_and(|error| error.to_string().contains("users_email_key")));
    for name in [
        "",
        "Ac\nme",
        "Ac\u{7f}me",
        "Ac\u{85}me",
        "\u{1}",
        &"a".repeat(101),
    ] {
        assert!(
            insert("x@bug.test", name).await.is_err(),
            "{name:?} was stored"
        );
    }
}
