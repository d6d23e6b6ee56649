use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// Length of one of the units in which Linux counts stolen time.
const JIFFY: Duration = Duration::from_millis(10);

/// Measures time as it would have passed on an idle machine.
///
/// A test cannot tell a slow program from a busy machine by the clock alone. So the time in
/// which anything on this machine waited for a processor or a disk is taken off: Linux keeps
/// account of it (pressure stall information). While nothing waits, everything runs at full
/// speed, so what is left is never longer than it would have taken alone. On a system that
/// keeps no such account nothing is taken off.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    began: Instant,
    stalled_before: Duration,
}

impl Stopwatch {
    /// Begins now.
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
            stalled_before: stalled(),
        }
    }

    /// Time that passed while nothing waited.
    pub fn unhindered(&self) -> Duration {
        // In this order: what was stalled lies within what has passed.
        let stalled = self.stalled();
        self.began.elapsed().saturating_sub(stalled)
    }

    /// Time in which something waited, at most.
    pub fn stalled(&self) -> Duration {
        stalled().saturating_sub(self.stalled_before)
    }
}

/// Time in which something has waited since the machine started, at most.
fn stalled() -> Duration {
    // The system's figure is an average over its processors.
    let processors = thread::available_parallelism().map_or(1, |count| count.get() as u32);
    let waited = ["cpu", "io"].map(|resource| some(resource).unwrap_or_default());
    waited.into_iter().sum::<Duration>() * processors + stolen().unwrap_or_default()
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=1234`, in microseconds.
fn some(resource: &str) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/pressure/{resource}")).ok()?;
    let (_, total) = text.lines().next()?.split_once("total=")?;
    Some(Duration::from_micros(total.parse().ok()?))
}

/// Time that the machine below this one gave to others, over all processors.
fn stolen() -> Option<Duration> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let jiffies: u32 = text.split_whitespace().nth(8)?.parse().ok()?;
    Some(JIFFY * jiffies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_or_is_taken_off() {
        let watch = Stopwatch::start();
        thread::sleep(Duration::from_millis(50));
        assert!(watch.unhindered() + watch.stalled() >= Duration::from_millis(50));
        let unhindered = watch.unhindered();
        assert!(unhindered <= watch.began.elapsed());
    }

    #[test]
    fn a_crowded_machine_is_noticed() {
        if some("cpu").is_none() {
            return; // Nothing is taken off here.
        }
        let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let watch = Stopwatch::start();
        let busy: Vec<_> = (0..processors * 4)
            .map(|_| {
                thread::spawn(|| {
                    let began = Instant::now();
                    while began.elapsed() < Duration::from_millis(300) {
                        std::hint::spin_loop();
                    }
                })
            })
            .collect();
        for thread in busy {
            thread.join().expect("no panic");
        }
        assert!(watch.stalled() > Duration::from_millis(50), "{watch:?}");
    }
}
