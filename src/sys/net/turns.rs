//! Who tells a proxy a password, and when. Directories lock an account after a few wrong ones, so one asks alone until it shows what
//! the proxy makes of it, and a wrong one is told once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::probe::{Failure, ProxyAnswer};
use super::stream::Deadline;

/// Shared by all probes that tell the same proxy the same.
#[derive(Debug, Default)]
pub struct Turns {
    changed: Condvar,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
enum State {
    /// Somebody asks, and has no answer yet.
    Asking,
    /// The proxy takes the password: nobody has to wait any more.
    Open,
    /// The proxy does not take it.
    Refused(ProxyAnswer),
    /// Whoever asked had no time left. It may have been a wrong one.
    Silent,
    /// Nobody asks, and nobody knows.
    #[default]
    Unknown,
}

/// What whoever comes to the proxy has to do.
pub(super) enum Pass<'t> {
    /// Ask, and say what came of it: others may wait for that.
    First(Turn<'t>),
    /// Ask.
    Open,
    /// Take this for the answer.
    Refused(ProxyAnswer),
    /// Give up: there is no time left.
    TooLate,
}

impl Turns {
    /// Waits until it is known whether the password is a wrong one, or this is the one to find out.
    pub(super) fn wait(&self, deadline: &Deadline) -> Pass<'_> {
        let mut state = self.state();
        loop {
            match &*state {
                State::Asking => {}
                State::Open => return Pass::Open,
                State::Refused(answer) => return Pass::Refused(answer.clone()),
                State::Silent => return Pass::TooLate,
                State::Unknown => {
                    *state = State::Asking;
                    return Pass::First(Turn { turns: self });
                }
            }
            let Ok(left) = deadline.left() else { return Pass::TooLate };
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn_to(&self, next: State) {
        *self.state() = next;
        self.changed.notify_all();
    }
}

/// The turn of one who asks alone. Where it ends without a word, the next one has it.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
}

impl<'t> Turn<'t> {
    /// Takes notice of the status of the answer, or of why there is none. Where the password is refused the turn goes on, until
    /// the whole answer is there.
    ///
    /// Only who looks beyond the proxy has taken the password: with 2xx, and with 5xx. A filter says what it dislikes before it looks
    /// at the password, or after, and so may whoever closes.
    pub(super) fn hear(self, answer: Result<u16, &Failure>) -> Option<Self> {
        match answer {
            Ok(status) if is_refusal(status) => return Some(self),
            Ok(200..300 | 500..600) => self.turns.turn_to(State::Open),
            Err(Failure::TimedOut) => self.turns.turn_to(State::Silent),
            Ok(_) | Err(_) => {}
        }
        None
    }

    /// The answer for everybody.
    pub(super) fn refuse(self, answer: ProxyAnswer) {
        self.turns.turn_to(State::Refused(answer));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        if matches!(*state, State::Asking) {
            *state = State::Unknown;
            drop(state);
            self.turns.changed.notify_all();
        }
    }
}

/// Whether it is the password that is refused: 407, or 401 from tinyproxy 1.11.
fn is_refusal(status: u16) -> bool {
    matches!(status, 401 | 407)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    fn first(turns: &Turns) -> Turn<'_> {
        match turns.wait(&Deadline::after(Duration::from_secs(10))) {
            Pass::First(turn) => turn,
            _ => panic!("somebody has asked before"),
        }
    }

    /// What somebody is let to do who comes while another one asks, once that one has heard this.
    fn behind(answer: Result<u16, &Failure>) -> &'static str {
        let turns = Arc::<Turns>::default();
        let turn = first(&turns);
        let waiting = turns.clone();
        let waiting = thread::spawn(move || {
            let pass = waiting.wait(&Deadline::after(Duration::from_secs(10)));
            match pass {
                Pass::First(_) => "first",
                Pass::Open => "open",
                Pass::Refused(answer) if answer.status == 407 => "refused",
                Pass::Refused(_) => "refused otherwise",
                Pass::TooLate => "too late",
            }
        });
        if let Some(turn) = turn.hear(answer) {
            turn.refuse(ProxyAnswer { status: 407, ..ProxyAnswer::default() });
        }
        waiting.join().unwrap()
    }

    #[test]
    fn a_wrong_password_is_told_once_and_a_right_one_by_all() {
        for status in [200, 204, 502, 504] {
            assert_eq!(behind(Ok(status)), "open");
        }
        for status in [401, 407] {
            assert_eq!(behind(Ok(status)), "refused");
        }
        for status in [302, 400, 403, 404, 451, 600] {
            assert_eq!(behind(Ok(status)), "first");
        }
        assert_eq!(behind(Err(&Failure::Closed { after_answer: false })), "first");
        assert_eq!(behind(Err(&Failure::TimedOut)), "too late");
    }

    #[test]
    fn whoever_waits_does_so_until_the_own_deadline() {
        let turns = Turns::default();
        let turn = first(&turns);
        let begin = Instant::now();
        assert!(matches!(turns.wait(&Deadline::after(Duration::from_millis(100))), Pass::TooLate));
        assert!(begin.elapsed() < Duration::from_secs(5));
        // That was their time, and not that of the one who asks.
        drop(turn);
        drop(first(&turns));
    }
}
