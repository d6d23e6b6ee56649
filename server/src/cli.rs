//! What the program can be asked for. Settings are no arguments: they are environment
//! variables, all of them in `.env.example`.

use clap::{Args, Parser, Subcommand};

/// Orghub's server.
#[derive(Debug, Parser)]
#[command(name = "orghub-server")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve requests until told to stop. The default.
    Serve,
    /// Bring the database to the schema of this version.
    Migrate,
    /// Write demo data. Every password in it is public.
    #[cfg(feature = "demo-data")]
    Seed {
        /// Also make the organization `mega` with this many members.
        #[arg(long, value_name = "COUNT")]
        members: Option<u32>,
    },
    /// Look up what is used most, so that Redis holds it for the nodes to come.
    Warm,
    /// End cached values on all nodes, after the database was changed behind the
    /// triggers' back.
    Flush(Flush),
    /// Start everything but the listener, print what `/readyz` would say, and stop.
    Check,
}

/// Whose cached values to end.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[group(required = true, multiple = false)]
pub struct Flush {
    /// Everything of the organization with this slug.
    #[arg(long, value_name = "SLUG")]
    pub org: Option<String>,
    /// Everything of the user with this address.
    #[arg(long, value_name = "EMAIL")]
    pub user: Option<String>,
    /// Everything.
    #[arg(long)]
    pub all: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Option<Command>> {
        let words = ["orghub-server"].into_iter().chain(line.split_whitespace());
        Cli::try_parse_from(words).ok().map(|cli| cli.command)
    }

    #[test]
    fn serving_is_the_default() {
        assert_eq!(parse(""), Some(None));
        assert_eq!(parse("serve"), Some(Some(Command::Serve)));
    }

    #[test]
    fn a_flush_says_of_what() {
        assert!(parse("flush --org acme").is_some());
        assert!(parse("flush --all").is_some());
        for line in [
            "flush",
            "flush acme",
            "flush --org acme --all",
            "flush --org",
        ] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }

    #[cfg(feature = "demo-data")]
    #[test]
    fn the_large_organization_is_made_on_request() {
        let members = Some(1_000_000);
        assert_eq!(
            parse("seed --members 1000000"),
            Some(Some(Command::Seed { members }))
        );
        for line in ["seed --members", "seed --members many", "seed --members -1"] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }
}
