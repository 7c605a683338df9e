//! The requests about what goes by mail, parsed.

use proto::auth::v1::{RequestPasswordResetRequest, ResetPasswordRequest, VerifyEmailRequest};
use service_kit::field::{self, Fields, Invalid};
use tonic::Status;

use crate::mail::MailToken;
use crate::password::Password;
use crate::user::Email;

/// The address to which the token is to go.
pub(super) fn reset_request(request: &RequestPasswordResetRequest) -> Result<Email, Status> {
    let mut fields = Fields::default();
    let email = fields.parse("email", &request.email);
    let (email,) = fields.all((email,))?;
    Ok(email)
}

/// The token, and the password that it is shown for.
pub(super) fn reset(request: ResetPasswordRequest) -> Result<(MailToken, Password), Status> {
    let ResetPasswordRequest { token: sent, new_password } = request;
    let mut fields = Fields::default();
    let token = fields.take("token", token(sent));
    let password = fields.take("new_password", Password::chosen(new_password));
    fields.all((token, password))
}

/// The token that shows that mail arrived.
pub(super) fn verification(request: VerifyEmailRequest) -> Result<MailToken, Status> {
    let mut fields = Fields::default();
    let token = fields.take("token", token(request.token));
    let (token,) = fields.all((token,))?;
    Ok(token)
}

fn token(text: String) -> Result<MailToken, Invalid> {
    field::length(&text, 1, 512)?;
    Ok(MailToken::presented(text))
}
