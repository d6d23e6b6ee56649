//! Names of users and organizations that do not exist.

use orghub::domain::{Email, OrgSlug, text};

use crate::random::Random;

const GIVEN: [&str; 48] = [
    "Abel", "Ada", "Alma", "Anouk", "Aron", "Bela", "Bruno", "Celia", "Clio", "Dario", "Edda",
    "Elio", "Enna", "Esra", "Fenja", "Finn", "Gustav", "Hana", "Henrik", "Ida", "Ilse", "Inés",
    "Jona", "Juno", "Kaja", "Karim", "Lale", "Leif", "Levi", "Liv", "Malik", "Mara", "Milo",
    "Nadja", "Nils", "Noor", "Oda", "Orla", "Pia", "Quinn", "Rafael", "Runa", "Selma", "Söre",
    "Tariq", "Tove", "Uma", "Zoë",
];

const FAMILY: [&str; 48] = [
    "Aldermoor",
    "Ashgrove",
    "Bergström",
    "Birchwell",
    "Brightwater",
    "Castelló",
    "Copperfield",
    "Dunmore",
    "Eastlake",
    "Elmhurst",
    "Fairweather",
    "Farrow",
    "Fennimore",
    "Foxglove",
    "Galloway",
    "Greycastle",
    "Halloway",
    "Harkness",
    "Hazelnut",
    "Holm",
    "Ironside",
    "Juniper",
    "Kestrel",
    "Kingsley",
    "Lindqvist",
    "Lockwood",
    "Marlowe",
    "Meadows",
    "Moss",
    "Nightingale",
    "Northcote",
    "Oakenshaw",
    "O'Quill",
    "Pemberton",
    "Pine",
    "Quill",
    "Ravenscroft",
    "Rosewarne",
    "Sandoval",
    "Silver",
    "Sparrow",
    "Stone",
    "Thistle",
    "Underhill",
    "Vance",
    "Westbrook",
    "Winterbourne",
    "Yarrow",
];

const QUALITY: [&str; 32] = [
    "Amber", "Ancient", "Autumn", "Blue", "Bold", "Bright", "Calm", "Clear", "Copper", "Coral",
    "Crimson", "Early", "Emerald", "Gentle", "Golden", "Green", "Hidden", "Indigo", "Ivory",
    "Lively", "Lucid", "Misty", "Noble", "Northern", "Quiet", "Rapid", "Scarlet", "Silver",
    "Southern", "Steady", "Velvet", "Wild",
];

const PLACE: [&str; 32] = [
    "Anchor", "Beacon", "Bridge", "Canyon", "Cedar", "Comet", "Creek", "Delta", "Falcon", "Forge",
    "Garden", "Glacier", "Grove", "Harbor", "Heron", "Island", "Lantern", "Meadow", "Mill",
    "Orchard", "Otter", "Pebble", "Prairie", "Quarry", "River", "Sail", "Spring", "Summit",
    "Tower", "Valley", "Willow", "Workshop",
];

/// A user's name.
pub(crate) fn full_name(random: &mut Random) -> String {
    format!("{} {}", random.pick(&GIVEN), random.pick(&FAMILY))
}

/// The address of the `number`th user of `domain`, named `name`.
pub(crate) fn address(name: &str, number: u32, domain: &str) -> Email {
    let local = OrgSlug::suggest(&text::decomposed(name)).expect("every name here has letters");
    Email::parse(&format!("{local}-{number}@{domain}.test"))
        .expect("a slug, a number and a domain make an address")
}

/// The `number`th organization's name; 1,024 of them, all different.
pub(crate) fn org(number: usize) -> String {
    let place = PLACE[number / QUALITY.len() % PLACE.len()];
    format!("{} {place}", QUALITY[number % QUALITY.len()])
}
