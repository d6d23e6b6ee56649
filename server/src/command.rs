//! What the program is asked to do.

/// How the program is called, for whoever called it otherwise.
pub const USAGE: &str =
    "usage: orghub-server [serve | migrate | seed [--members N] | warm | check]";

/// A subcommand. Settings are not arguments: they are environment variables,
/// all of them in `.env.example`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve requests until told to stop: what happens without a subcommand.
    Serve,
    /// Bring the database to the schema of this program.
    Migrate,
    /// Write the demo data.
    Seed {
        /// Also make the organization `mega` with this many members.
        members: Option<u32>,
    },
    /// Look up what is used most, so that it lies in Redis for the nodes to come.
    Warm,
    /// Start everything but the listener, print what `/readyz` would say, and stop.
    Check,
}

impl Command {
    /// Reads the arguments behind the program's name; `None` where they make no sense.
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] | ["serve"] => Some(Self::Serve),
            ["migrate"] => Some(Self::Migrate),
            ["seed"] => Some(Self::Seed { members: None }),
            ["seed", "--members", count] => count.parse().ok().map(|count| Self::Seed {
                members: Some(count),
            }),
            ["warm"] => Some(Self::Warm),
            ["check"] => Some(Self::Check),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Command> {
        Command::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn serving_is_what_happens_unasked() {
        assert_eq!(parse(""), Some(Command::Serve));
        assert_eq!(parse("serve"), Some(Command::Serve));
    }

    #[test]
    fn the_large_organization_is_made_on_request() {
        assert_eq!(parse("seed"), Some(Command::Seed { members: None }));
        assert_eq!(
            parse("seed --members 1000000"),
            Some(Command::Seed {
                members: Some(1_000_000)
            })
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_rather_than_guessed() {
        for line in [
            "help",
            "serve now",
            "seed --members",
            "seed --members many",
            "seed --members -1",
        ] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }
}
