//! Pages of `auth.users`. The statements stand in files of their own, so that their plans are tested as they are sent.

use service_kit::postgres::{Database, Error};
use time::OffsetDateTime;

use super::row::{UserRow, state_text};
use crate::session::Key;
use crate::user::User;
use crate::user::listing::{Filter, Mark, Order};

/// The first `rows` users after `after` for a caller; none at all unless the caller is an admin now.
pub async fn page(
    database: &Database,
    caller: Key,
    filter: Filter,
    after: Option<Mark>,
    rows: i64,
    now: OffsetDateTime,
) -> Result<Vec<User>, Error> {
    let (states, admins): (Vec<_>, Vec<_>) =
        filter.kinds().map(|(state, admin)| (state_text(state).to_owned(), admin)).unzip();
    let (from, below) = filter.range();
    let Mark(text, id) = after.unwrap_or_default();
    let read = match filter.order {
        Order::Username => {
            database
                .read(move |c| {
                    Box::pin(async move {
                        let query = sqlx::query_file_as!(
                            UserRow,
                            "src/store/users/by_username.sql",
                            caller.user,
                            caller.session,
                            now,
                            &states,
                            &admins,
                            from,
                            below,
                            text,
                            rows,
                        );
                        Ok(query.fetch_all(c).await?)
                    })
                })
                .await?
        }
        Order::Email => {
            database
                .read(move |c| {
                    Box::pin(async move {
                        let query = sqlx::query_file_as!(
                            UserRow,
                            "src/store/users/by_email.sql",
                            caller.user,
                            caller.session,
                            now,
                            &states,
                            &admins,
                            from,
                            below,
                            text,
                            id,
                            rows,
                        );
                        Ok(query.fetch_all(c).await?)
                    })
                })
                .await?
        }
    };
    read.into_iter().map(UserRow::meaning).collect()
}
