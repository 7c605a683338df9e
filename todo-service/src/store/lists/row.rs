//! A row of `todo.lists` with the role of the member who reads it, as the statements return it.

use service_kit::postgres::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::list::{List, ListId};
use crate::revision::Revision;
use crate::store::members;

/// A row with the columns of a list and those named: `sqlx::query_as!` fills flat structs only.
macro_rules! list_row {
    ($(#[$doc:meta])* $name:ident { $($column:ident: $type:ty),* }) => {
        $(#[$doc])*
        pub(super) struct $name {
            $(pub(super) $column: $type,)*
            pub(super) id: Uuid,
            pub(super) display_name: String,
            pub(super) inbox: bool,
            pub(super) owner_id: Uuid,
            pub(super) role: String,
            pub(super) revision: i64,
            pub(super) live_count: i32,
            pub(super) member_count: i32,
            pub(super) create_time: OffsetDateTime,
            pub(super) update_time: OffsetDateTime,
            pub(super) delete_time: Option<OffsetDateTime>,
            pub(super) purge_time: Option<OffsetDateTime>,
        }

        impl $name {
            pub(super) fn list(self) -> Result<List, Error> {
                let id = ListId::new(self.id);
                Ok(List {
                    id,
                    display_name: self.display_name,
                    inbox: self.inbox,
                    owner: self.owner_id,
                    role: members::parse(&self.role, id)?,
                    live_count: self.live_count,
                    member_count: self.member_count,
                    revision: Revision::new(self.revision),
                    create_time: self.create_time,
                    update_time: self.update_time,
                    delete_time: self.delete_time,
                    purge_time: self.purge_time,
                })
            }
        }
    };
}

list_row!(
    /// A list that was asked for.
    Row {}
);
list_row!(
    /// What became of a list that was to be changed.
    OutcomeRow { outcome: String }
);
