//! One request and its answer, over a connection that is there.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::genuine::{Failure, is_whole};

/// Whatever is no 200 is an error, with its text.
pub async fn exchange<S>(stream: &mut S, request: &[u8]) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(request).await?;
    let (mut buffer, mut length) = (vec![0; 16 * 1024], 0);
    while !is_whole(&buffer[..length]) {
        match stream.read(&mut buffer[length..]).await? {
            0 => return Err("the server hung up".into()),
            read => length += read,
        }
    }
    let is_good = buffer.starts_with(b"HTTP/1.1 200 ");
    if is_good { Ok(()) } else { Err(String::from_utf8_lossy(&buffer[..length]).into_owned().into()) }
}
