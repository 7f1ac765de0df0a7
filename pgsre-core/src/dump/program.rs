//! Which `pg_dump`.

use std::path::PathBuf;

use super::{DumpError, DumpErrorKind};
use crate::postgres::{ClientProgram, ServerVersion};

/// The `pg_dump` for a server of this version: in `directory`, or else wherever one is installed.
pub(super) async fn pg_dump(
    directory: Option<PathBuf>,
    server: ServerVersion,
) -> Result<ClientProgram, DumpError> {
    // Runs programs and waits for them.
    let found = tokio::task::spawn_blocking(move || match directory {
        Some(directory) => ClientProgram::at(&directory.join("pg_dump")).into_iter().collect(),
        None => ClientProgram::discover("pg_dump"),
    });
    let found = found.await.map_err(|error| {
        DumpError::new(DumpErrorKind::Io, "cannot look for pg_dump").with_cause(error)
    })?;
    Ok(ClientProgram::for_server("pg_dump", found, server)?)
}
