//! What a client holds back by itself, so that a manager need not refuse it: how many calls at once, and how many a second.
//!
//! A manager answers 429 to more than 100 requests a second of one user, and 503 (429, by some pages) to more than 40 at once. Newer ones
//! allow more, and an administrator may change it, so the rate is found out: nothing is held back before the first refusal.
//! From then on it is set anew each second: to what the manager took, where it refused some, and otherwise half the way back to
//! the rate at which it refused, and in time beyond. (Halving with each refusal, as is usual, would give up half of what the manager
//! takes.) A refusal that comes as often at a lower rate is not about the rate: it is left out of account. All clones of a client
//! share the rate, for each manager on its own.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Mutex as Queue, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::sync::lock;

/// What a manager documents.
const REQUESTS_PER_SECOND: u32 = 100;
const CONCURRENT: usize = 40;
const SECOND: Duration = Duration::from_secs(1);
/// After a second with refusals the rate is at most the first share of what it was, and at least the second.
const CUT: (f64, f64) = (0.98, 0.5);
/// The rate that was refused is not tried again before.
const CAUTION: Duration = Duration::from_secs(5);
/// A timer may be so late without its turn being lost.
const LATE: Duration = Duration::from_millis(100);
/// When most are refused it is too much, however it goes on.
const MOST: f64 = 0.5;
/// How much more than usual is about the rate.
const UNUSUAL: f64 = 1.5;
const LOWEST: f64 = 1.0;
const HIGHEST: f64 = 100_000.0;

/// How a client holds back its calls of a manager, so that the manager need not refuse them.
///
/// ```
/// use nsx_api::{Client, Limits};
///
/// // A script that shares its user with others.
/// let limits = Limits::fixed().requests_per_second(20).concurrent(4);
/// let config = Client::builder("nsx.example.com").limits(limits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    mode: Mode,
    requests_per_second: u32,
    concurrent: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Off,
    Fixed,
    Adaptive,
}

impl Limits {
    /// No limits, whatever else is set.
    pub fn off() -> Self {
        Self::new(Mode::Off)
    }

    /// No more than 100 requests a second, evenly spread, and 40 at once, unless set otherwise.
    pub fn fixed() -> Self {
        Self::new(Mode::Fixed)
    }

    /// No more than 40 requests at once, and as many a second as the manager takes: the default.
    ///
    /// Nothing is held back before the manager's first 429, or 503 of its own. Then the requests are spread, 100 a second to begin with
    /// unless set otherwise, and from second to second as many as the manager is found to take.
    ///
    /// Measured before a manager that takes 100 requests a second, from the fifth second on: 98.7 a second, of which one in
    /// 593 was refused. [Without limits](Self::off) 98 of 100 were.
    pub fn adaptive() -> Self {
        Self::new(Mode::Adaptive)
    }

    fn new(mode: Mode) -> Self {
        Self {
            mode,
            requests_per_second: REQUESTS_PER_SECOND,
            concurrent: CONCURRENT,
        }
    }

    /// How many requests a second, at least one.
    pub fn requests_per_second(mut self, requests: u32) -> Self {
        self.requests_per_second = requests.max(1);
        self
    }

    /// How many requests at once, at least one. A stream counts until its headers have come.
    pub fn concurrent(mut self, requests: usize) -> Self {
        self.concurrent = requests.clamp(1, Semaphore::MAX_PERMITS);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::adaptive()
    }
}

/// How a manager says that there are too many requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 429: too many a second.
    Rate,
    /// 503: too many at once, or it is starting.
    Busy,
}

/// The limits before one manager.
pub(crate) struct Limiter {
    limits: Limits,
    room: Semaphore,
    /// Whoever is at its head takes the next turn.
    queue: Queue<()>,
    pace: Mutex<Option<Pace>>,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        let pace = (limits.mode == Mode::Fixed).then(|| Pace::new(limits, Instant::now()));
        Self {
            room: Semaphore::new(limits.concurrent),
            queue: Queue::new(()),
            pace: Mutex::new(pace),
            limits,
        }
    }

    /// Waits until a request may be sent. There is room for another once what comes back is dropped. A call that stops
    /// waiting gives its turn to the next.
    pub(crate) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if self.limits.mode == Mode::Off {
            return None;
        }
        // It is never closed.
        let permit = self.room.acquire().await.ok();
        if lock(&self.pace).is_some() {
            let _head = self.queue.lock().await;
            while let Some(turn) = self.turn() {
                sleep_until(turn).await;
            }
        }
        permit
    }

    /// When the next turn is; `None` if it is now, and taken.
    fn turn(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut pace = lock(&self.pace);
        let pace = pace.as_mut()?;
        if pace.next > now {
            return Some(pace.next);
        }
        pace.take(now);
        None
    }

    /// The manager has refused a request that was sent then, as there were too many.
    pub(crate) fn refused(&self, why: Refusal, sent: Instant) {
        if self.limits.mode != Mode::Adaptive {
            return;
        }
        let now = Instant::now();
        let mut pace = lock(&self.pace);
        match &mut *pace {
            Some(pace) => pace.refused(why, sent, now),
            None => *pace = Some(Pace::new(self.limits, now)),
        }
    }

    /// The manager has answered a request.
    pub(crate) fn answered(&self) {
        if self.limits.mode == Mode::Adaptive
            && let Some(pace) = &mut *lock(&self.pace)
        {
            pace.answered(Instant::now());
        }
    }
}

/// Requests at even distances.
#[derive(Debug)]
struct Pace {
    /// A second.
    rate: f64,
    next: Instant,
    /// The rate at which the manager refused some, and when.
    ceiling: f64,
    cut: Instant,
    /// A manager that refuses everything is busy with itself, and says nothing of the rate; nor does one that refuses a few at any
    /// rate. Then it goes no lower than this.
    least: f64,
    /// What share of the last second's requests was refused, and at which rate.
    last: (f64, f64),
    /// What share is refused whatever the rate.
    usual: f64,
    /// What came of the requests since the second began.
    began: Instant,
    answered: u32,
    refused: u32,
    busy: u32,
}

impl Pace {
    fn new(limits: Limits, now: Instant) -> Self {
        let rate = f64::from(limits.requests_per_second);
        Self {
            rate,
            next: now,
            ceiling: rate,
            cut: now,
            least: rate / 10.0,
            last: (0.0, rate),
            usual: 0.0,
            began: now,
            answered: 0,
            refused: 0,
            busy: 0,
        }
    }

    /// Takes a turn. Turns that nobody took are lost, but for a timer that was late.
    fn take(&mut self, now: Instant) {
        let turn = match now.saturating_duration_since(self.next) < LATE {
            true => self.next,
            false => now,
        };
        self.next = turn + Duration::from_secs_f64(1.0 / self.rate);
    }

    /// A refusal of what was sent before the rate was set says nothing of it.
    fn refused(&mut self, why: Refusal, sent: Instant, now: Instant) {
        if sent >= self.cut {
            match why {
                Refusal::Rate => self.refused = self.refused.saturating_add(1),
                Refusal::Busy => self.busy = self.busy.saturating_add(1),
            }
        }
        self.set_if_due(now);
    }

    fn answered(&mut self, now: Instant) {
        self.answered = self.answered.saturating_add(1);
        self.set_if_due(now);
    }

    fn set_if_due(&mut self, now: Instant) {
        let length = now.saturating_duration_since(self.began);
        if length < SECOND {
            return;
        }
        let share = self.share_refused();
        // Some are busy answers for reasons of their own; when most are, it is too much.
        if share > self.usual * UNUSUAL || self.busy > self.answered {
            let taken = f64::from(self.answered) / length.as_secs_f64();
            self.ceiling = self.rate;
            self.cut = now;
            let (most, least) = CUT;
            self.rate = match self.answered {
                0 => (self.rate * least).max(self.least),
                _ => taken.min(self.rate * most).max(self.rate * least),
            };
            self.rate = self
                .rate
                .max(if share < MOST { self.least } else { LOWEST });
        } else if f64::from(self.answered) >= 0.5 * self.rate * length.as_secs_f64() {
            // While the rate is not used it would mean nothing.
            self.raise(now);
        }
        (self.began, self.answered, self.refused, self.busy) = (now, 0, 0, 0);
    }

    /// The share of requests that was refused. What is still refused at a lower rate, and as often, is not about the rate.
    fn share_refused(&mut self) -> f64 {
        let all = self.answered.saturating_add(self.refused);
        let share = f64::from(self.refused) / f64::from(all.max(1));
        let (before, rate) = self.last;
        if self.rate < rate {
            let is_as_before = share >= 0.9 * before && share < MOST;
            self.usual = (self.usual + if is_as_before { share } else { 0.0 }) / 2.0;
        }
        self.last = (share, self.rate);
        share
    }

    fn raise(&mut self, now: Instant) {
        let calm = now.saturating_duration_since(self.cut);
        // Beyond what was refused in small steps at first, and in larger ones the longer nothing is.
        let doublings = calm.saturating_sub(CAUTION).as_secs().min(6);
        let step = (self.rate / 100.0).max(0.25) * f64::from(1 << doublings);
        let raised = self.rate + ((self.ceiling - self.rate) / 2.0).max(step.min(self.rate));
        if raised < self.ceiling || calm >= CAUTION {
            self.rate = raised.min(HIGHEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    async fn enter(limiter: &Limiter, times: usize) -> Duration {
        let began = Instant::now();
        for _ in 0..times {
            drop(limiter.enter().await);
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_fixed_limit_spreads_requests_evenly() {
        let limiter = Limiter::new(Limits::fixed().requests_per_second(50));
        assert_eq!(enter(&limiter, 101).await.as_millis(), 2000);
        // What was not used is not made up for.
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(enter(&limiter, 51).await.as_millis(), 1000);
        limiter.refused(Refusal::Rate, Instant::now());
        assert_eq!(enter(&limiter, 50).await.as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn an_adaptive_limit_holds_nothing_back_before_the_first_refusal() {
        for limits in [Limits::off(), Limits::adaptive()] {
            let limiter = Limiter::new(limits);
            assert_eq!(enter(&limiter, 10_000).await, Duration::ZERO);
        }
        let limiter = Limiter::new(Limits::adaptive());
        limiter.refused(Refusal::Rate, Instant::now());
        assert_eq!(enter(&limiter, 101).await.as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_requests_than_allowed_are_under_way_and_a_dropped_one_gives_its_place_up() {
        let limiter = Limiter::new(Limits::adaptive().concurrent(2));
        let first = limiter.enter().await;
        let second = limiter.enter().await;
        let third = tokio::time::timeout(milliseconds(10), limiter.enter());
        assert!(third.await.is_err());
        drop(first);
        let third = limiter.enter().await;
        assert!(third.is_some() && second.is_some());
        drop((second, third));
        assert_eq!(limiter.room.available_permits(), 2);
        assert!(
            Limiter::new(Limits::off().concurrent(1))
                .enter()
                .await
                .is_none()
        );
    }

    /// The rate after each second, when a manager takes so many.
    fn rates(limits: Limits, limit: f64, seconds: u32) -> Vec<f64> {
        let start = Instant::now();
        let mut pace = Pace::new(limits, start);
        let mut rates = Vec::new();
        for second in 1..=seconds {
            let now = start + SECOND * second;
            pace.answered = pace.rate.min(limit) as u32;
            pace.refused = (pace.rate - limit).ceil().max(0.0) as u32;
            pace.set_if_due(now);
            rates.push(pace.rate);
        }
        rates
    }

    #[test]
    fn the_rate_settles_at_what_the_manager_takes() {
        for limit in [10.0, 40.0, 100.0, 103.0] {
            let rates = rates(Limits::adaptive(), limit, 200);
            let settled: Vec<f64> = rates.into_iter().skip(10).collect();
            let taken: f64 = settled.iter().map(|rate| rate.min(limit)).sum();
            assert!(taken / (limit * 190.0) > 0.95, "{limit}: {settled:?}");
            let refused: f64 = settled.iter().map(|rate| (rate - limit).max(0.0)).sum();
            assert!(refused / taken < 0.01, "{limit}: {settled:?}");
        }
        // A manager that takes more is found out, in time.
        assert!(rates(Limits::adaptive(), 250.0, 200).last().unwrap() > &240.0);
    }

    #[test]
    fn after_a_time_of_refusals_alone_the_rate_is_soon_back() {
        let start = Instant::now();
        let mut pace = Pace::new(Limits::adaptive(), start);
        for second in 1..=20 {
            pace.busy = 1;
            pace.set_if_due(start + SECOND * second);
        }
        assert_eq!(pace.rate, 10.0);
        for second in 21..=40 {
            pace.answered = pace.rate as u32;
            pace.set_if_due(start + SECOND * second);
        }
        assert!(pace.rate > 95.0, "{}", pace.rate);
    }

    #[test]
    fn the_rate_has_a_bottom_and_a_refusal_of_what_was_sent_before_is_none() {
        let start = Instant::now();
        let mut pace = Pace::new(Limits::adaptive().requests_per_second(1), start + SECOND);
        pace.refused(Refusal::Rate, start, start + SECOND * 2);
        assert_eq!(pace.refused, 0);
        for second in 2..100 {
            let now = start + SECOND * second;
            pace.refused(Refusal::Rate, now, now);
            pace.refused(Refusal::Rate, now, now + SECOND);
        }
        assert_eq!(pace.rate, LOWEST);
    }

    #[test]
    fn what_is_refused_whatever_the_rate_does_not_lower_it_for_ever() {
        // One in twenty, one a second, and now and then two.
        let refusals: [fn(f64, u32) -> u32; 3] = [
            |rate, _| (rate / 20.0) as u32,
            |_, _| 1,
            |_, second| [1, 0, 2, 1, 1][second as usize % 5],
        ];
        for (refused, least) in refusals.into_iter().zip([90.0, 90.0, 10.0]) {
            let start = Instant::now();
            let mut pace = Pace::new(Limits::adaptive(), start);
            for second in 1..=120 {
                pace.refused = refused(pace.rate, second);
                pace.answered = (pace.rate as u32).saturating_sub(pace.refused);
                pace.set_if_due(start + SECOND * second);
                assert!(pace.rate >= 10.0, "{second}: {}", pace.rate);
            }
            assert!(pace.rate >= least, "{}", pace.rate);
        }
    }

    #[test]
    fn what_others_take_of_a_managers_rate_is_not_taken_for_usual() {
        // Of the 100 that the manager takes others have 80.
        let start = Instant::now();
        let mut pace = Pace::new(Limits::adaptive(), start);
        let (mut all, mut refused) = (0, 0);
        for second in 1..=300 {
            let asked = pace.rate as u32;
            pace.answered = asked.min(asked * 100 / (asked + 80));
            pace.refused = asked - pace.answered;
            if second > 30 {
                (all, refused) = (all + asked, refused + pace.refused);
            }
            pace.set_if_due(start + SECOND * second);
        }
        assert!(refused * 10 < all, "{refused} of {all}");
        assert!((15.0..30.0).contains(&pace.rate), "{}", pace.rate);
    }

    #[tokio::test(start_paused = true)]
    async fn busy_answers_start_the_limit_and_lower_it_when_they_are_most() {
        let limiter = Limiter::new(Limits::adaptive());
        limiter.refused(Refusal::Busy, Instant::now());
        assert_eq!(enter(&limiter, 101).await.as_millis(), 1000);
        let start = Instant::now();
        let mut pace = Pace::new(Limits::adaptive(), start);
        for (second, busy, answered, rate) in [(1, 40, 60, 101.0), (2, 60, 40, 50.5)] {
            (pace.busy, pace.answered) = (busy, answered);
            pace.set_if_due(start + SECOND * second);
            assert!((pace.rate - rate).abs() < 2.0, "{second}: {}", pace.rate);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_stops_waiting_gives_its_turn_to_the_next() {
        let limiter = Limiter::new(Limits::fixed().requests_per_second(1));
        drop(limiter.enter().await);
        for _ in 0..100 {
            let waiting = tokio::time::timeout(milliseconds(1), limiter.enter());
            assert!(waiting.await.is_err());
        }
        let began = Instant::now();
        drop(limiter.enter().await);
        assert!(began.elapsed() <= SECOND, "{:?}", began.elapsed());
    }
}
