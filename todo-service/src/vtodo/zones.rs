//! Zones by the names that programs give them, as IANA zones.

mod windows;

use std::collections::HashMap;

use crate::todo::Zone;

/// The zones that a text defines: TZID to the IANA zone that its definition names.
#[derive(Debug, Default)]
pub struct Zones(HashMap<String, Zone>);

impl Zones {
    /// Adds the zone that a text defines, if `location` is an IANA zone.
    pub fn define(&mut self, id: String, location: &str) {
        if let Some(zone) = iana(location) {
            self.0.insert(id, zone);
        }
    }

    /// The IANA zone that a TZID means: it is one; or one with a prefix (`/mozilla.org/20050126_1/Europe/Berlin`); or the text
    /// defines it; or Windows has it.
    pub(super) fn resolve(&self, id: &str) -> Option<Zone> {
        let tail = |(at, _): (usize, &str)| id.get(at + 1..).and_then(iana);
        iana(id)
            .or_else(|| id.starts_with('/').then(|| id.match_indices('/').find_map(tail)).flatten())
            .or_else(|| self.0.get(id).cloned())
            .or_else(|| windows::zone(id).and_then(iana))
    }
}

/// The zone that the IANA database has under a name.
pub(super) fn iana(name: &str) -> Option<Zone> {
    name.parse().ok()
}
