//! The program: the HTTP edge, with what it serves.
//!
//! Here alone the two meet. Neither depends on the other, so neither is compiled again
//! when only the other one changed.

use std::process::ExitCode;

use orghub_app::app::APPLICATION;

// Server functions announce themselves to whatever they are linked with.
use orghub_api as _;

fn main() -> ExitCode {
    orghub_edge::program::run(APPLICATION)
}
