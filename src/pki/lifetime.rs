//! Time left: validity, thresholds, and how they compare. Time is an argument; nothing here reads a clock.

use std::fmt;

/// From when to when a certificate is valid, both ends included, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: i64,
    /// The last second.
    pub not_after: i64,
}

impl Validity {
    /// Whether `now` lies inside.
    pub fn contains(self, now: i64) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Whole days until the last second, rounded down; negative once it has passed.
    pub fn days_remaining(self, now: i64) -> i64 {
        (self.not_after - now).div_euclid(DAY)
    }
}

/// When to speak up: this long before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// A share of the whole lifetime, in percent.
    Percent(u8),
    /// A time in seconds.
    Seconds(i64),
}

impl Threshold {
    /// Reads `30d`, `12h`, `4w` or `33%`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u32 = number.parse().ok()?;
        let seconds = |unit: i64| Some(Self::Seconds(i64::from(number) * unit));
        match unit {
            "%" => u8::try_from(number).ok().filter(|percent| *percent <= 100).map(Self::Percent),
            "d" => seconds(DAY),
            "h" => seconds(HOUR),
            "w" => seconds(7 * DAY),
            _ => None,
        }
    }

    /// How many seconds before the end of this validity.
    pub fn seconds(self, validity: Validity) -> i64 {
        match self {
            Self::Percent(percent) => {
                let lifetime = i128::from(validity.not_after) - i128::from(validity.not_before);
                i64::try_from(lifetime * i128::from(percent) / 100).unwrap_or(i64::MAX)
            }
            Self::Seconds(seconds) => seconds,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Seconds(seconds) if seconds % DAY == 0 => write!(f, "{}d", seconds / DAY),
            Self::Seconds(seconds) => write!(f, "{}h", seconds / HOUR),
        }
    }
}

/// When to warn, and when to call it critical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Critical from here.
    pub critical: Threshold,
    /// A warning from here.
    pub warn: Threshold,
}

impl fmt::Display for Thresholds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {}", self.warn, self.critical)
    }
}

impl Thresholds {
    /// What holds where nobody said otherwise: for CAs 90 and 30 days. For other certificates 30 and 14 days, or a
    /// third and a sixth of a lifetime under 90 days (short-lived certificates are renewed in that rhythm).
    pub fn standard(is_ca: bool, validity: Validity) -> Self {
        let days = |warn, critical| Self {
            critical: Threshold::Seconds(critical * DAY),
            warn: Threshold::Seconds(warn * DAY),
        };
        if is_ca {
            days(90, 30)
        } else if validity.not_after - validity.not_before < 90 * DAY {
            let lifetime = validity.not_after - validity.not_before;
            Self { critical: Threshold::Seconds(lifetime / 6), warn: Threshold::Seconds(lifetime / 3) }
        } else {
            days(30, 14)
        }
    }
}

/// How a certificate stands at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The last second has passed.
    Expired,
    /// The end is nearer than the critical threshold.
    ExpiringCritical,
    /// The end is nearer than the threshold for a warning.
    Expiring,
    /// The first second is still to come.
    NotYetValid,
    /// Nothing to say.
    Good,
}

/// Judges a validity at `now` (seconds since 1970-01-01T00:00:00Z).
pub fn assess(validity: Validity, now: i64, thresholds: Thresholds) -> Lifetime {
    let left = validity.not_after.saturating_sub(now);
    if left < 0 {
        Lifetime::Expired
    } else if now < validity.not_before {
        Lifetime::NotYetValid
    } else if left < thresholds.critical.seconds(validity) {
        Lifetime::ExpiringCritical
    } else if left < thresholds.warn.seconds(validity) {
        Lifetime::Expiring
    } else {
        Lifetime::Good
    }
}

/// A day in seconds.
pub const DAY: i64 = 24 * HOUR;
const HOUR: i64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_and_written() {
        for (text, wanted) in [
            ("30d", Some(Threshold::Seconds(30 * DAY))),
            ("12h", Some(Threshold::Seconds(12 * HOUR))),
            ("2w", Some(Threshold::Seconds(14 * DAY))),
            ("33%", Some(Threshold::Percent(33))),
            ("101%", None),
            ("30", None),
            ("d", None),
            ("", None),
            ("-1d", None),
            ("+1d", None),
            ("1.5d", None),
            ("30 d", None),
            ("30日", None),
        ] {
            // An empty number is no number.
            assert_eq!(Threshold::parse(text), wanted, "{text}");
        }
        assert_eq!(Threshold::Seconds(30 * DAY).to_string(), "30d");
        assert_eq!(Threshold::Seconds(12 * HOUR).to_string(), "12h");
    }

    #[test]
    fn the_last_second_is_still_good_and_the_next_is_not() {
        let validity = Validity { not_before: 1000, not_after: 1000 + 400 * DAY };
        let thresholds = Thresholds::standard(false, validity);
        let at = |now| assess(validity, now, thresholds);
        assert_eq!(at(999), Lifetime::NotYetValid);
        assert_eq!(at(1000), Lifetime::Good);
        assert_eq!(at(1000 + 370 * DAY), Lifetime::Good);
        assert_eq!(at(1001 + 370 * DAY), Lifetime::Expiring);
        assert_eq!(at(1001 + 386 * DAY), Lifetime::ExpiringCritical);
        assert_eq!(at(1000 + 400 * DAY), Lifetime::ExpiringCritical);
        assert_eq!(at(1001 + 400 * DAY), Lifetime::Expired);
    }

    #[test]
    fn a_short_life_is_judged_by_thirds_and_sixths() {
        let validity = Validity { not_before: 0, not_after: 60 * DAY };
        let at = |now| assess(validity, now, Thresholds::standard(false, validity));
        assert_eq!(at(40 * DAY), Lifetime::Good);
        assert_eq!(at(41 * DAY), Lifetime::Expiring);
        assert_eq!(at(51 * DAY), Lifetime::ExpiringCritical);
    }
}
