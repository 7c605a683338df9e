//! Makes the Rust code, the access table and the descriptor set from the .proto files.
//!
//! All of it comes from one compilation by protox, so nobody needs protoc, and what reflection
//! shows is what the code was made from. The set is passed on as bytes and as a descriptor pool:
//! `prost_types::FileDescriptorSet` drops every extension, our access rules among them.

#[path = "build/access_table.rs"]
mod access_table;
#[path = "build/descriptors.rs"]
mod descriptors;
#[path = "build/redaction.rs"]
mod redaction;

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;
use prost_reflect::MessageDescriptor;
use prost_types::FileDescriptorSet;

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["api", "vendor", "build"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let descriptors = descriptors::compile("api", "vendor")?;

    let rules = access_table::rules(&descriptors.pool).map_err(|faults| {
        for fault in &faults {
            println!("cargo::error={fault}");
        }
        "an rpc has no access rule, or one that means nothing"
    })?;
    fs::write(out.join("access_table.rs"), access_table::render(&rules))?;

    let secrets: Vec<_> = descriptors.our_messages().filter(redaction::has_secrets).collect();
    fs::write(out.join("redaction.rs"), redaction::render(&secrets))?;

    fs::write(out.join("descriptors.bin"), descriptors.without_foreign_comments()?)?;

    tonic_prost_build::configure()
        .build_client(env::var_os("CARGO_FEATURE_CLIENT").is_some())
        .build_server(env::var_os("CARGO_FEATURE_SERVER").is_some())
        // Only their options are used, and options become no code.
        .extern_path(".google.api", "::unused")
        .extern_path(".buf.validate", "::unused")
        .skip_debug(secrets.iter().map(MessageDescriptor::full_name))
        .compile_fds(FileDescriptorSet::decode(descriptors.bytes.as_slice())?)?;
    Ok(())
}
