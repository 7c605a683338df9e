//! What is asked about people.

use prost_reflect::prost::Message as _;
use proto::auth::v1 as auth;

use super::Scene;
use crate::client::PASSWORD;

impl Scene {
    pub(super) fn about_people(&self, method: &str) -> Vec<u8> {
        let (name, me) = (self.subject.name.clone(), "users/me".to_owned());
        match method {
            "auth.v1.UserService.GetUserDeletion" => {
                auth::GetUserDeletionRequest { name: format!("{}/deletion", self.gone.name) }.encode_to_vec()
            }
            "auth.v1.UserService.SetRoles" => auth::SetRolesRequest { name, roles: Vec::new() }.encode_to_vec(),
            "auth.v1.UserService.DisableUser" => auth::DisableUserRequest { name }.encode_to_vec(),
            "auth.v1.UserService.EnableUser" => auth::EnableUserRequest { name }.encode_to_vec(),
            "auth.v1.UserService.DeleteUser" => {
                // An admin's password is not looked at, unless the admin is to be deleted: then this one protects them.
                let password = format!("not {PASSWORD}");
                auth::DeleteUserRequest { name: self.condemned.name.clone(), password }.encode_to_vec()
            }
            "auth.v1.UserService.ChangePassword" => auth::ChangePasswordRequest {
                name: me,
                current_password: PASSWORD.to_owned(),
                new_password: format!("another {PASSWORD}"),
                keep_other_sessions: true,
            }
            .encode_to_vec(),
            "auth.v1.SessionService.ListSessions" => {
                auth::ListSessionsRequest { parent: me, ..Default::default() }.encode_to_vec()
            }
            "auth.v1.SessionService.RevokeSession" => {
                let name = self.restless.1.session.clone().expect("a session").name;
                auth::RevokeSessionRequest { name }.encode_to_vec()
            }
            "auth.v1.SessionService.RevokeAllSessions" => {
                auth::RevokeAllSessionsRequest { parent: me, keep_present: true }.encode_to_vec()
            }
            other => self.about_mail(other),
        }
    }

    fn about_mail(&self, method: &str) -> Vec<u8> {
        let (verification, reset) = self.mailed.clone();
        match method {
            "auth.v1.AuthService.RequestPasswordReset" => {
                auth::RequestPasswordResetRequest { email: "a@b".to_owned() }.encode_to_vec()
            }
            "auth.v1.AuthService.ResetPassword" => {
                auth::ResetPasswordRequest { token: reset, new_password: format!("another {PASSWORD}") }.encode_to_vec()
            }
            "auth.v1.AuthService.RequestEmailVerification" => Vec::new(),
            "auth.v1.AuthService.VerifyEmail" => auth::VerifyEmailRequest { token: verification }.encode_to_vec(),
            other => panic!("{other} has no example here: add one, so that its fields and names are tested"),
        }
    }
}
