//! The service's own secret, and what is made from it: keys for one purpose each, and sealed boxes.

use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// 32 random bytes from a file: the root of every key that a service derives. There is no default.
pub struct Secret(Zeroizing<[u8; 32]>);

/// Why a key file was refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("cannot read the key file {0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// It does not hold exactly 64 hexadecimal digits (a newline may follow).
    #[error("the key file {0} must hold exactly 64 hexadecimal digits")]
    Malformed(PathBuf),
    /// Others than its owner may read it.
    #[error("the key file {0} may be read by others than its owner: chmod 600")]
    Exposed(PathBuf),
}

impl Secret {
    /// Reads the file named by `KEY_FILE`.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        use std::os::unix::fs::PermissionsExt;
        let unreadable = |e| KeyFileError::Unreadable(path.to_owned(), e);
        let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode();
        if mode & 0o007 != 0 {
            return Err(KeyFileError::Exposed(path.to_owned()));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
        Self::from_hex(text.trim_end()).ok_or_else(|| KeyFileError::Malformed(path.to_owned()))
    }

    /// From 64 hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = Zeroizing::new([0; 32]);
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// A key for one purpose (HKDF-SHA256, RFC 5869): knowing one tells nothing of the others.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let info = [purpose.as_bytes()];
        let filled = hkdf::Salt::new(hkdf::HKDF_SHA256, b"todo.local")
            .extract(self.0.as_slice())
            .expand(&info, hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut_slice()));
        debug_assert!(filled.is_ok(), "32 bytes are within HKDF-SHA256's limit of 8160");
        key
    }

    /// A message authentication key for one purpose.
    #[must_use]
    pub fn mac(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derive(purpose).as_slice())
    }

    /// A sealer for one purpose.
    #[must_use]
    pub fn sealer(&self, purpose: &str) -> Option<Sealer> {
        let key = UnboundKey::new(&AES_256_GCM, self.derive(purpose).as_slice()).ok()?;
        Some(Sealer(LessSafeKey::new(key)))
    }
}

/// Encrypts and authenticates (AES-256-GCM, random 96-bit nonces: safe for 2^32 boxes a key,
/// NIST SP 800-38D 8.3).
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// `nonce || ciphertext || tag`. `context` is authenticated and must be given again to open; `None` only
    /// when `plain` is larger than the cipher allows (64 GiB).
    #[must_use]
    pub fn seal(&self, entropy: &Entropy, context: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut sealed = plain.to_vec();
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed).ok()?;
        sealed.splice(0..0, nonce);
        Some(sealed)
    }

    /// What was sealed, if neither the box nor the context was altered.
    #[must_use]
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = self.0.open_in_place(nonce, Aad::from(context), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }
}
