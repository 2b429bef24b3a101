//! What an engine's errors mean to whoever wants to write.

pub(crate) mod mysql;
pub(crate) mod sqlite;
