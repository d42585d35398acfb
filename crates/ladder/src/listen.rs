//! The lines of a trainer's standard output, read apart from waiting for its end: a descendant that is left behind may hold
//! the pipe for good.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::mpsc::{Receiver, sync_channel};

/// Bytes of a line that are kept: events are far shorter, and a program may write without ever ending a line.
const LONGEST: usize = 1 << 20;

/// Lines that may wait to be read; then the trainer waits.
const WAITING: usize = 256;

/// Reads lines until the end, or until nobody wants them any more: then the pipe is closed after the next line.
pub(crate) fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = sync_channel(WAITING);
    #[expect(
        clippy::disallowed_methods,
        reason = "a trainer is listened to for as long as it works; no worker of rayon may be"
    )]
    std::thread::spawn(move || {
        let mut reader = BufReader::new(from);
        while let Some(line) = line(&mut reader) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The next line without its end; of a very long one its beginning.
fn line(reader: &mut BufReader<impl Read>) -> Option<String> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut any = false;
    loop {
        let held = match reader.fill_buf() {
            Ok(held) => held,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => &[],
        };
        if held.is_empty() {
            break;
        }
        any = true;
        let end = held.iter().position(|b| *b == b'\n');
        let part = &held[..end.unwrap_or(held.len())];
        let room = LONGEST - bytes.len();
        bytes.extend_from_slice(&part[..part.len().min(room)]);
        let used = end.map_or(held.len(), |at| at + 1);
        reader.consume(used);
        if end.is_some() {
            break;
        }
    }
    any.then(|| String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let endless = std::io::repeat(b'x').take(5 << 20);
        let text = endless.chain(&b"\nlast"[..]);
        let found: Vec<String> = lines(text).iter().collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].len(), found[1].as_str()), (LONGEST, "last"));
    }

    #[test]
    fn lines_come_without_their_ends() {
        let found: Vec<String> = lines(&b"a\r\n\nb"[..]).iter().collect();
        assert_eq!(found, ["a", "", "b"]);
    }
}
