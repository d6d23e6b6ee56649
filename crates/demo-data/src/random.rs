use time::OffsetDateTime;
use uuid::Uuid;

/// Chance that is the same on every machine and in every version: SplitMix64
/// (Steele, Lea and Flood, 2014). For demo data, never for secrets.
pub(crate) struct Random(u64);

impl Random {
    /// Chance of its own for `purpose`: adding a draw for one leaves the others'
    /// data as it was.
    pub(crate) fn of(purpose: u64) -> Self {
        Self(purpose)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of `things`, which are not none.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, things: &[&'a T]) -> &'a T {
        let index = self.below(things.len() as u64);
        things[usize::try_from(index).expect("it is below a length")]
    }

    /// 32 bytes.
    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes());
        }
        bytes
    }

    /// A version 7 id as the program would have made it at `at`.
    pub(crate) fn id(&mut self, at: OffsetDateTime) -> Uuid {
        let milliseconds = u64::try_from(at.unix_timestamp_nanos() / 1_000_000)
            .expect("demo data is younger than 1970");
        let random: [u8; 10] = self.bytes()[..10].try_into().expect("ten of 32 bytes");
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
    }
}
