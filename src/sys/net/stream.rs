//! Bytes to and fro until a deadline: the name lookup's wait, the TCP connection, and the ear that remembers how an answer
//! began. Owns no protocol.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::handshake;
use super::probe::Failure;

/// The end of everything. Its clones are the same deadline: who shortens one shortens all.
#[derive(Clone)]
pub(super) struct Deadline(Rc<Cell<Instant>>);

impl Deadline {
    /// So much from now on.
    pub(super) fn after(timeout: Duration) -> Self {
        let now = Instant::now();
        Self(Rc::new(Cell::new(now.checked_add(timeout).unwrap_or(now + LONGEST))))
    }

    /// What is left.
    pub(super) fn left(&self) -> Result<Duration, Failure> {
        let left = self.0.get().saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Failure::TimedOut) } else { Ok(left) }
    }

    /// Does something for which there is less time than for the rest.
    pub(super) fn within<T>(&self, most: Duration, act: impl FnOnce() -> T) -> T {
        let end = self.0.get();
        self.0.set(end.min(Instant::now() + most.min(LONGEST)));
        let result = act();
        self.0.set(end);
        result
    }
}

/// What a protocol is spoken on: TCP, or TLS on it.
pub(super) trait Wire: Read + Write {}

impl<T: Read + Write> Wire for T {}

/// TCP to the first address that answers. An address that keeps silent does not hold the next one up for long (as RFC 8305
/// has it), and does not end before the deadline.
pub(super) fn connect(
    addresses: &[SocketAddr],
    deadline: &Deadline,
) -> Result<(Bounded, SocketAddr), Failure> {
    let (sender, receiver) = mpsc::channel();
    let mut waiting = addresses.iter().take(MOST_ADDRESSES);
    let mut pending = 0;
    let mut failure = None;
    loop {
        let left = deadline.left()?;
        let next = waiting.next();
        if let Some(&address) = next {
            let sender = sender.clone();
            // Whoever comes second finds nobody listening, and is dropped.
            thread::Builder::new()
                .spawn(move || sender.send((address, TcpStream::connect_timeout(&address, left))))
                .map_err(|error| Failure::Other(error.to_string()))?;
            pending += 1;
        }
        if pending == 0 {
            return Err(failure.unwrap_or(Failure::NoAddress));
        }
        let wait = if waiting.len() > 0 { left.min(STAGGER) } else { left };
        match receiver.recv_timeout(wait) {
            Ok((address, Ok(stream))) => {
                // It is only made faster by this.
                let _ = stream.set_nodelay(true);
                return Ok((Bounded { deadline: deadline.clone(), stream }, address));
            }
            Ok((_, Err(error))) => {
                pending -= 1;
                failure = Some(worse(failure, of_system(&error, false)));
            }
            Err(RecvTimeoutError::Timeout) if waiting.len() > 0 => {}
            Err(_) => return Err(Failure::TimedOut),
        }
    }
}

/// Of two failures the one that says more: that an address of a family without any way fails says least.
fn worse(before: Option<Failure>, now: Failure) -> Failure {
    let rank = |failure: &Failure| match failure {
        Failure::Unreachable => 0,
        Failure::TimedOut => 1,
        _ => 2,
    };
    match before {
        Some(before) if rank(&before) >= rank(&now) => before,
        _ => now,
    }
}

/// A TCP connection that gives up at the deadline, however slowly its other end drips.
pub(super) struct Bounded {
    deadline: Deadline,
    stream: TcpStream,
}

impl Bounded {
    fn left(&self) -> io::Result<Duration> {
        self.deadline.left().map_err(|_| ErrorKind::TimedOut.into())
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.stream.set_read_timeout(Some(self.left()?))?;
            match self.stream.read(buffer) {
                Err(error) if is_pause(&error) => {}
                other => return other,
            }
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            self.stream.set_write_timeout(Some(self.left()?))?;
            match self.stream.write(buffer) {
                Err(error) if is_pause(&error) => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// A wire during one step: remembers how the answer began, to be able to say what came instead.
pub(super) struct Ear<'w> {
    deadline: &'w Deadline,
    start: Vec<u8>,
    wire: &'w mut dyn Wire,
}

impl<'w> Ear<'w> {
    /// Nothing heard so far.
    pub(super) fn new(wire: &'w mut dyn Wire, deadline: &'w Deadline) -> Self {
        Self { deadline, start: Vec::new(), wire }
    }

    /// How the answer began: at most 64 bytes.
    pub(super) fn start(&self) -> &[u8] {
        &self.start
    }

    /// Something else came than what is spoken here. Waits a moment for more of it, to show.
    pub(super) fn not_the_protocol(&mut self) -> Failure {
        let deadline = self.deadline;
        deadline.within(MOMENT, || {
            let mut buffer = [0; START];
            while self.start.len() < START && matches!(self.read(&mut buffer), Ok(1..)) {}
        });
        Failure::NotTheProtocol { start: self.start.clone() }
    }

    /// What an error in this step means.
    pub(super) fn failure(&self, error: &io::Error) -> Failure {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => handshake::failure(error, &[]),
            None => of_system(error, !self.start.is_empty()),
        }
    }

    /// Does something for which there is less time than for the rest.
    pub(super) fn within<T>(&mut self, most: Duration, act: impl FnOnce(&mut Self) -> T) -> T {
        let deadline = self.deadline;
        deadline.within(most, || act(self))
    }
}

impl Read for Ear<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.wire.read(buffer)?;
        let more = count.min(START - self.start.len());
        self.start.extend_from_slice(&buffer[..more]);
        Ok(count)
    }
}

impl Write for Ear<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.wire.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wire.flush()
    }
}

/// What an error of the system means.
fn of_system(error: &io::Error, after_answer: bool) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {
            Failure::Reset { after_answer }
        }
        ErrorKind::ConnectionRefused => Failure::Refused,
        ErrorKind::AddrNotAvailable
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::NetworkUnreachable => Failure::Unreachable,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::TimedOut,
        ErrorKind::UnexpectedEof => Failure::Closed { after_answer },
        _ => Failure::Other(error.to_string()),
    }
}

/// So that no sum of times overflows.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// For the rest of what came instead of an answer.
const MOMENT: Duration = Duration::from_millis(100);
/// Tried of one name.
const MOST_ADDRESSES: usize = 16;
/// Until the next address is tried as well (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// Of an answer that is none, in bytes.
const START: usize = 64;
