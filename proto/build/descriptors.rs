//! From the .proto files to one descriptor set.

use std::{
    collections::BTreeSet,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, Value, prost::Message as _};
use protox::Compiler;

/// One descriptor set, in the two forms that keep extensions.
pub(crate) struct Descriptors {
    /// A serialized `google.protobuf.FileDescriptorSet`, with imports and comments.
    pub(crate) bytes: Vec<u8>,
    /// The same set, to look things up in.
    pub(crate) pool: DescriptorPool,
    /// Names of the files that are ours (`auth/v1/user.proto`); the others are imported.
    ours: BTreeSet<String>,
}

impl Descriptors {
    /// The messages that our own files define.
    pub(crate) fn our_messages(&self) -> impl Iterator<Item = MessageDescriptor> {
        let all = self.pool.all_messages();
        all.filter(|message| self.ours.contains(message.parent_file().name()))
    }

    /// The set without the comments of imported files, which are more than half of it. Reflection
    /// still shows ours.
    pub(crate) fn without_foreign_comments(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let set = self
            .pool
            .get_message_by_name("google.protobuf.FileDescriptorSet")
            .ok_or("the set lacks descriptor.proto, which access.proto imports")?;
        let mut set = DynamicMessage::decode(set, self.bytes.as_slice())?;
        let files = set.get_field_by_name_mut("file").and_then(Value::as_list_mut);
        for file in files.into_iter().flatten().filter_map(Value::as_message_mut) {
            let name = file.get_field_by_name("name");
            let is_ours = name.and_then(|name| name.as_str().map(|name| self.ours.contains(name)));
            if is_ours != Some(true) {
                file.clear_field_by_name("source_code_info");
            }
        }
        Ok(set.encode_to_vec())
    }
}

/// Compiles every .proto file below `api`; imports are looked up there and in `vendor`.
pub(crate) fn compile(api: &str, vendor: &str) -> Result<Descriptors, Box<dyn Error>> {
    let files = proto_files(Path::new(api))?;
    let mut compiler = Compiler::new([api, vendor])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let ours = files.iter().filter_map(|file| file.strip_prefix(api).ok()?.to_str());
    Ok(Descriptors {
        bytes: compiler.encode_file_descriptor_set(),
        pool: compiler.descriptor_pool(),
        ours: ours.map(str::to_owned).collect(),
    })
}

/// The .proto files below `folder`, sorted, so that the output does not depend on the disk.
fn proto_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(proto_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
