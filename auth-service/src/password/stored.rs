//! The stored form of a password (a PHC string), and one run of the hash function.

use std::fmt;

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::Password;

/// Bytes of a salt and of a hash.
const SALT: usize = 16;
const HASH: usize = 32;
/// Bounds of what a stored hash may ask for: a row must not be able to order more work than any sound setting would.
const MOST_MEMORY_KIB: u32 = 64 * 1024;
const MOST_PASSES: u32 = 10;
const MOST_LANES: u32 = 4;

/// What one hash costs (Argon2id, RFC 9106).
#[derive(Clone, Debug)]
pub struct Cost(Params);

/// A cost that is out of bounds.
#[derive(Debug, thiserror::Error)]
#[error("a password hash takes 8 KiB per lane to 64 MiB, 1 to 10 passes and 1 to 4 lanes")]
pub struct CostError;

impl Cost {
    /// Memory in KiB, passes over it, and lanes.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        let params = Params::new(memory_kib, passes, lanes, Some(HASH)).map_err(|_| CostError)?;
        Self::bounded(params).ok_or(CostError)
    }

    /// Blocks of memory that are filled in all.
    fn work(&self) -> u64 {
        u64::from(self.0.m_cost()) * u64::from(self.0.t_cost())
    }

    fn bounded(params: Params) -> Option<Self> {
        let bounded =
            params.m_cost() <= MOST_MEMORY_KIB && params.t_cost() <= MOST_PASSES && params.p_cost() <= MOST_LANES;
        bounded.then_some(Self(params))
    }
}

/// An Argon2id hash with its salt and parameters. Printed only by [`PasswordHash::to_phc`].
#[derive(Clone)]
pub struct PasswordHash {
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl PasswordHash {
    /// Reads a PHC string; `None` if it is none, is not Argon2id version 19, or asks for more than the bounds.
    #[must_use]
    pub fn from_phc(text: &str) -> Option<Self> {
        let stored = phc::PasswordHash::new(text).ok()?;
        let version = stored.version.is_some_and(|version| version == u32::from(Version::V0x13));
        if stored.algorithm != Algorithm::Argon2id.ident() || !version {
            return None;
        }
        let cost = Cost::bounded(Params::try_from(&stored).ok()?)?;
        Some(Self { cost, salt: stored.salt?.to_vec(), hash: stored.hash?.as_bytes().to_vec() })
    }

    /// The PHC string; `None` only if a part does not fit the format, which no value of ours does.
    #[must_use]
    pub fn to_phc(&self) -> Option<String> {
        let stored = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.cost.0).ok()?,
            salt: Some(Salt::new(&self.salt).ok()?),
            hash: Some(Output::new(&self.hash).ok()?),
        };
        Some(stored.to_string())
    }

    /// Whether it costs less to guess at this hash than at one of the given cost.
    pub(super) fn is_cheaper_than(&self, cost: &Cost) -> bool {
        self.cost.work() < cost.work()
    }

    /// A hash that no password has, at the given cost: what is run when there is no user to compare with.
    #[must_use]
    pub(super) fn of_nobody(cost: Cost, salt: [u8; SALT], hash: [u8; HASH]) -> Self {
        Self { cost, salt: salt.to_vec(), hash: hash.to_vec() }
    }

    /// Hashes a password anew. Takes `blocks` for its memory, which only grows.
    pub(super) fn compute(
        cost: &Cost,
        salt: [u8; SALT],
        password: &Password,
        blocks: &mut Vec<Block>,
    ) -> Result<Self, argon2::Error> {
        let hash = run(cost, &salt, password, HASH, blocks)?;
        Ok(Self { cost: cost.clone(), salt: salt.to_vec(), hash })
    }

    /// Whether this is the hash of the password.
    pub(super) fn matches(&self, password: &Password, blocks: &mut Vec<Block>) -> Result<bool, argon2::Error> {
        let hash = run(&self.cost, &self.salt, password, self.hash.len(), blocks)?;
        Ok(verify_slices_are_equal(&hash, &self.hash).is_ok())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHash").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// One run. Fresh memory would cost 845 page faults and a fifth more time.
fn run(
    cost: &Cost,
    salt: &[u8],
    password: &Password,
    length: usize,
    blocks: &mut Vec<Block>,
) -> Result<Vec<u8>, argon2::Error> {
    let wanted = cost.0.block_count();
    if blocks.len() < wanted {
        blocks.resize_with(wanted, Block::new);
    }
    let memory = blocks.get_mut(..wanted).unwrap_or_default();
    let mut hash = vec![0; length];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.0.clone()).hash_password_into_with_memory(
        password.bytes(),
        salt,
        &mut hash,
        memory,
    )?;
    Ok(hash)
}
