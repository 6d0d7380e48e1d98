//! Addresses of resource instances.
use std::fmt;
use std::sync::Arc;

pub use ampere_lang::config::ResourceName;
pub use ampere_lang::eval::InstanceKey;

/// The address of one resource instance: `ampere_account.ada`, `ampere_account.all["ada"]`, `ampere_account.all[0]`.
///
/// `Display` writes the form that Terraform writes. (Modules will add a path in front.)
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Type and name of the resource block.
    pub resource: ResourceName,
    /// The key, for a resource with `count` or `for_each`.
    pub key: Option<InstanceKey>,
}

impl Address {
    /// The address of the only instance of a resource.
    pub fn new(resource_type: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Address {
        let resource = ResourceName { resource_type: resource_type.into(), name: name.into() };
        Address { resource, key: None }
    }

    /// The same resource with that key.
    pub fn with_key(mut self, key: Option<InstanceKey>) -> Address {
        self.key = key;
        self
    }

    /// The resource type, e.g. `ampere_account`.
    pub fn kind(&self) -> &str {
        &self.resource.resource_type
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.resource)?;
        match &self.key {
            None => Ok(()),
            Some(InstanceKey::Index(n)) => write!(f, "[{n}]"),
            Some(InstanceKey::Key(k)) => {
                let quoted = k
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n")
                    .replace("${", "$${")
                    .replace("%{", "%%{");
                write!(f, "[\"{quoted}\"]")
            }
        }
    }
}
