//! The running product: the server and, for what is not configured, the Stripe fake and a
//! provider of sign-in.

use std::{
    collections::BTreeMap,
    env,
    fs::File,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use local_services::ports;

use crate::{builds::Profile, checkout, process};

/// Shared by the Stripe fake, which signs webhooks with it, and the server, which
/// verifies them. No secret: it opens nothing but this checkout's own programs.
const FAKE_WEBHOOK_SECRET: &str = "whsec_development_only";

/// Shown to the fake issuer by the server. No secret, either.
const FAKE_CLIENT_SECRET: &str = "development-only";

/// What the server calls the fake issuer.
const FAKE_PROVIDER: &str = "example";

/// Members of the organization `mega` in tests: more than lists count.
const MEGA_MEMBERS: u32 = 10_100;

/// How long the server may take to drain its requests.
const PATIENCE: Duration = Duration::from_secs(15);

/// What to serve, and from where.
pub struct Plan<'a> {
    pub profile: Profile,
    pub port: u16,
    pub database_url: &'a str,
    pub database_owner_url: &'a str,
    pub redis_url: &'a str,
    pub audience: Audience,
}

/// Who it is for.
pub enum Audience {
    /// A developer, whose `.env` and environment may configure the server further.
    Developer,
    /// Tests, which must find the same server everywhere; it writes into this file.
    Tests(File),
}

impl Plan<'_> {
    /// The address users type.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Fails early where the server would fail late: after the build.
    pub fn check_port(&self) -> Result<()> {
        ensure!(
            ports::is_free(self.port),
            "port {} is in use; choose another with --port",
            self.port
        );
        Ok(())
    }

    /// Brings the schema up to date and fills in the demo data, as the owner of the tables. The
    /// server itself is not told how to become that.
    pub fn fill(&self) -> Result<()> {
        let members = MEGA_MEMBERS.to_string();
        let seed: &[&str] = match self.audience {
            Audience::Developer => &["seed"],
            Audience::Tests(_) => &["seed", "--members", &members],
        };
        for command in [&["migrate"], seed] {
            let mut owner = self.server()?;
            owner.env("DATABASE_OWNER_URL", self.database_owner_url);
            process::run(owner.args(command))?;
        }
        Ok(())
    }

    /// Starts everything and waits until it answers.
    pub fn start(&self) -> Result<Stack> {
        let mut stack = Stack {
            children: Vec::new(),
            stripe: None,
            issuer: None,
        };
        let mut server = self.server()?;
        if !self.is_set("STRIPE_SECRET_KEY")? {
            let port = ports::free_port()?;
            stack.spawn(&mut self.fake_stripe(port)?)?;
            let stripe = format!("http://127.0.0.1:{port}/");
            server
                .env("STRIPE_API_BASE", &stripe)
                .env("STRIPE_WEBHOOK_SECRET", FAKE_WEBHOOK_SECRET);
            stack.stripe = Some(stripe);
        }
        if !self.is_set("OIDC_PROVIDERS")? {
            let issuer = format!("127.0.0.1:{}", ports::free_port()?);
            stack.spawn(&mut self.fake_issuer(&issuer)?)?;
            let issuer = format!("http://{issuer}");
            server
                .env("OIDC_PROVIDERS", FAKE_PROVIDER)
                .env("OIDC_EXAMPLE_ISSUER", &issuer)
                .env("OIDC_EXAMPLE_CLIENT_ID", "orghub")
                .env("OIDC_EXAMPLE_CLIENT_SECRET", FAKE_CLIENT_SECRET)
                .env("OIDC_EXAMPLE_LABEL", "Example ID");
            stack.issuer = Some(issuer);
        }
        stack.spawn(server.arg("serve"))?;
        stack.wait_until_ready(self.port)?;
        Ok(stack)
    }

    fn server(&self) -> Result<Command> {
        let mut server = self.program("orghub-server")?;
        server.env("APP_ENV", "development");
        if let Audience::Developer = self.audience {
            server.envs(further_settings()?);
        }
        if let Audience::Tests(_) = self.audience {
            // One demo user makes the organizations of all the tests that need one, and all
            // newcomers come from one address.
            for bound in [
                "ORGANIZATIONS_PER_OWNER",
                "SIGN_UPS_PER_CLIENT",
                "MAILS_PER_CLIENT",
            ] {
                server.env(bound, "1000");
            }
        }
        // Where it listens and where its data is are this command's to say.
        server
            .env("SITE_ADDR", format!("127.0.0.1:{}", self.port))
            .env("DATABASE_URL", self.database_url)
            .env("REDIS_URL", self.redis_url);
        Ok(server)
    }

    fn fake_stripe(&self, port: u16) -> Result<Command> {
        let mut fake = self.program("fake-stripe")?;
        fake.env("FAKE_STRIPE_ADDR", format!("127.0.0.1:{port}"))
            .env(
                "FAKE_STRIPE_WEBHOOK_URL",
                format!("{}/webhooks/stripe", self.url()),
            )
            .env("FAKE_STRIPE_WEBHOOK_SECRET", FAKE_WEBHOOK_SECRET);
        Ok(fake)
    }

    fn fake_issuer(&self, address: &str) -> Result<Command> {
        let mut fake = self.program("fake-issuer")?;
        fake.env("FAKE_ISSUER_ADDR", address)
            .env("FAKE_ISSUER_CLIENT_SECRET", FAKE_CLIENT_SECRET)
            .env(
                "FAKE_ISSUER_REDIRECT_URI",
                format!("{}/sign-in/with/{FAKE_PROVIDER}/callback", self.url()),
            );
        Ok(fake)
    }

    fn program(&self, name: &str) -> Result<Command> {
        let mut program = process::command(self.profile.program(name));
        if let Audience::Tests(log) = &self.audience {
            program.env_clear();
            program.stdout(log.try_clone()?).stderr(log.try_clone()?);
        }
        Ok(program)
    }

    /// Whether the developer has set a variable.
    fn is_set(&self, variable: &str) -> Result<bool> {
        Ok(match self.audience {
            Audience::Tests(_) => false,
            Audience::Developer => {
                let value = match env::var(variable) {
                    Ok(value) => Some(value),
                    Err(_) => further_settings()?.remove(variable),
                };
                value.is_some_and(|value| !value.trim().is_empty())
            }
        })
    }
}

/// The variables of `.env`, save those the environment has: it wins, as everywhere.
fn further_settings() -> Result<BTreeMap<String, String>> {
    let mut settings = checkout::dotenv()?;
    settings.retain(|name, _| env::var_os(name).is_none());
    Ok(settings)
}

/// Programs that run until this is dropped; the last one is the server.
pub struct Stack {
    children: Vec<(String, Child)>,
    /// Where the Stripe fake is, if it runs.
    pub stripe: Option<String>,
    /// Where the fake issuer is, if it runs.
    pub issuer: Option<String>,
}

impl Stack {
    /// Waits until the server ends by itself, which it should not, or someone interrupts.
    pub fn serve(&mut self) -> Result<()> {
        loop {
            self.check_alive()?;
            process::pause()?;
        }
    }

    fn spawn(&mut self, command: &mut Command) -> Result<()> {
        // A group of its own: Ctrl-C in the terminal then reaches this program
        // alone, which stops the others in order, the server first.
        let name = Path::new(command.get_program())
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        self.children.push((name, child));
        Ok(())
    }

    fn wait_until_ready(&mut self, port: u16) -> Result<()> {
        for _ in 0..1200 {
            self.check_alive()?;
            if is_ready(port) {
                return Ok(());
            }
            process::pause()?;
        }
        bail!("the server started but /readyz does not answer 200")
    }

    fn check_alive(&mut self) -> Result<()> {
        for (name, child) in &mut self.children {
            if let Some(status) = child.try_wait()? {
                bail!("{name} ended on its own ({status})");
            }
        }
        Ok(())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for (_, child) in self.children.iter_mut().rev() {
            process::stop_child(child, PATIENCE);
        }
    }
}

/// Asks `/readyz`. One request does not justify an HTTP client.
fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<[u8; 12]> {
        let patience = Duration::from_secs(2);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status)
    };
    ask().is_ok_and(|status| status.ends_with(b" 200"))
}
