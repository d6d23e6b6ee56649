use std::time::Duration;

/// Pauses that double with every failure, up to the longest.
#[derive(Clone, Copy, Debug)]
pub struct BackOff {
    first: Duration,
    longest: Duration,
}

impl BackOff {
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The pause after so many failures in a row, give or take a quarter: what failed
    /// together is not to come back together.
    pub fn pause(self, failures: u32) -> Duration {
        self.exact(failures).mul_f64(rand::random_range(0.75..1.25))
    }

    /// The pause in the middle of those that [`Self::pause`] draws from.
    pub fn exact(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let back_off = BackOff::new(Duration::from_secs(30), Duration::from_secs(3_600));
        let seconds = |failures| back_off.exact(failures).as_secs();
        assert_eq!([1, 2, 3, 7].map(seconds), [30, 60, 120, 1_920]);
        assert_eq!([8, 9, 1_000].map(seconds), [3_600; 3]);
    }

    #[test]
    fn what_failed_together_comes_back_apart() {
        let back_off = BackOff::new(Duration::from_secs(40), Duration::from_secs(3_600));
        let pauses: Vec<Duration> = (0..100).map(|_| back_off.pause(1)).collect();
        let (Some(shortest), Some(longest)) = (pauses.iter().min(), pauses.iter().max()) else {
            unreachable!("there are a hundred")
        };
        assert!(*shortest >= Duration::from_secs(30) && *longest <= Duration::from_secs(50));
        assert!(*longest - *shortest > Duration::from_secs(10));
    }
}
