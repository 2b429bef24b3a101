//! What an engine's errors mean to whoever wants to write.

pub mod mysql;
pub mod sqlite;
