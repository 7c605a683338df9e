//! `admin`: users, without the API.

use std::io::BufRead;

use anyhow::{Context as _, anyhow};
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::field::Invalid;
use service_kit::postgres::Database;
use service_kit::secret::Secret;
use zeroize::Zeroizing;

use crate::accounts::Accounts;
use crate::config::{Admin, OfUser};
use crate::mail::Outbox;
use crate::password::{Hasher, Password};
use crate::throttle::{Subjects, Throttle};
use crate::user::Username;

/// Does what is asked; the password is the first line of `input`.
pub async fn admin(command: &Admin, input: impl BufRead) -> anyhow::Result<()> {
    let (Admin::Create(settings) | Admin::ResetPassword(settings)) = command;
    let password = password(input)?;
    let username: Username = settings.username.parse().map_err(|why| refused("username", &why))?;
    let accounts = accounts(settings)?;
    match command {
        Admin::Create(_) => {
            let admin = accounts.create_admin(username, password).await?;
            println!("users/{} is an admin", admin.id);
        }
        Admin::ResetPassword(_) => {
            let user = accounts.impose_password(username, password).await?;
            println!("users/{} has another password and no session", user.id);
        }
    }
    Ok(())
}

fn password(mut input: impl BufRead) -> anyhow::Result<Password> {
    let mut line = Zeroizing::new(String::new());
    input.read_line(&mut line).context("the password cannot be read from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    Password::chosen(password).map_err(|why| refused("password", &why))
}

fn refused(what: &str, why: &Invalid) -> anyhow::Error {
    anyhow!("the {what} must {}", why.text())
}

fn accounts(settings: &OfUser) -> anyhow::Result<Accounts> {
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let hasher = Hasher::start(&settings.passwords, entropy.clone())?;
    let database = Database::new(&settings.environment.database);
    let secret = Secret::read(&settings.key_file)?;
    let throttle = Throttle::new(database.clone(), clock.clone(), Subjects::new(&secret));
    let outbox = Outbox::new(&secret, entropy.clone()).context("no key for the outbox")?;
    Ok(Accounts::new(database, clock, entropy, hasher, throttle, outbox))
}
