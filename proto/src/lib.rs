//! The API of auth-service and todo-service, as Rust.
//!
//! Everything here is made from the .proto files in `api/`, which are the reference: messages,
//! client stubs (feature `client`), server traits (feature `server`), the table of
//! [who may call what](access) and the [descriptor set](FILE_DESCRIPTOR_SET) for reflection.

pub mod access;
pub mod reason;

pub use reason::Reason;

/// Users, sessions, tokens.
pub mod auth {
    /// Version 1 of package `auth`.
    #[expect(clippy::pedantic, reason = "generated code")]
    pub mod v1 {
        tonic::include_proto!("auth.v1");
    }
}

/// Lists and todos.
pub mod todo {
    /// Version 1 of package `todo`.
    #[expect(clippy::pedantic, clippy::large_enum_variant, reason = "generated code")]
    pub mod v1 {
        tonic::include_proto!("todo.v1");
    }
}

/// A serialized `google.protobuf.FileDescriptorSet` of the API and of all that it imports, options
/// included. Register it for reflection by `register_encoded_file_descriptor_set`; a decoded
/// `prost_types::FileDescriptorSet` loses the options.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

include!(concat!(env!("OUT_DIR"), "/redaction.rs"));
