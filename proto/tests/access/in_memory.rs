//! Compiles a service that is written in a test, with the real `access/v1/access.proto`.

use std::path::Path;

use prost_reflect::DescriptorPool;
use protox::{
    Compiler, Error,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver},
};

const FILE: &str = "test/v1/test_service.proto";

/// A pool with one service, `test.v1.TestService`, whose body is `methods`.
pub(crate) fn service(methods: &str) -> DescriptorPool {
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new("api".into()));
    resolver.add(GoogleFileResolver::new());
    resolver.add(InMemory(format!(
        "syntax = \"proto3\"; package test.v1; import \"access/v1/access.proto\";
         message Empty {{}} service TestService {{ {methods} }}"
    )));
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.open_file(FILE).expect("a valid file");
    compiler.descriptor_pool()
}

struct InMemory(String);

impl FileResolver for InMemory {
    fn resolve_path(&self, _: &Path) -> Option<String> {
        None
    }

    fn open_file(&self, name: &str) -> Result<File, Error> {
        if name == FILE { File::from_source(name, &self.0) } else { Err(Error::file_not_found(name)) }
    }
}
