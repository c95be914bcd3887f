//! The client's own limits: concurrent requests, and requests per second.
//!
//! A manager returns 429 for more than 100 requests a second from one user, and 503 (or 429,
//! according to some pages) for more than 40 concurrent ones. Newer versions allow more, and an
//! administrator may change it. So the rate is measured. It is unlimited until the first rejection.
//! From then on it is adjusted once a second:
//! - after a second with rejections, to what the manager accepted;
//! - otherwise halfway back to the rate at which the manager rejected requests, and later beyond
//!   it.
//!
//! Halving the rate at each rejection, as is common, would give up half of the manager's capacity.
//! Rejections that are as frequent at a lower rate do not depend on the rate, and are ignored. All
//! clones of a client share one rate for each manager.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Mutex as Queue, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::sync::lock;

/// The documented limits of a manager.
const REQUESTS_PER_SECOND: u32 = 100;
const CONCURRENT: usize = 40;
const SECOND: Duration = Duration::from_secs(1);
/// After a second with rejections the new rate is between these shares of the old one.
const MAX_SHARE_AFTER_CUT: f64 = 0.98;
const MIN_SHARE_AFTER_CUT: f64 = 0.5;
/// The time before a rejected rate is tried again.
const CAUTION: Duration = Duration::from_secs(5);
/// A timer may be late by this much without losing its slot.
const TIMER_TOLERANCE: Duration = Duration::from_millis(100);
/// A larger share of rejections is never normal.
const MAX_BASELINE: f64 = 0.5;
/// Rejections are due to the rate if their share exceeds the baseline by this factor.
const SIGNIFICANT: f64 = 1.5;
const MIN_RATE: f64 = 1.0;
const MAX_RATE: f64 = 100_000.0;

/// How many calls a client sends to a manager at once and per second: limits that stay below the
/// manager's own. Calls beyond the limits wait.
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

    /// Fixed limits: 40 concurrent requests, and 100 requests per second, evenly spaced. Both can
    /// be changed.
    pub fn fixed() -> Self {
        Self::new(Mode::Fixed)
    }

    /// Adaptive limits, the default: 40 concurrent requests, and as many requests per second as the
    /// manager accepts.
    ///
    /// Nothing is throttled before the manager's first 429 (or 503 with an `error_code`). Then
    /// requests are evenly spaced, starting at 100 per second or [another
    /// rate](Self::requests_per_second). The rate is adjusted every second to what the manager
    /// accepts.
    ///
    /// Measured against a manager that accepts 100 requests per second, from the fifth second on:
    /// 98.7 requests per second, of which one in 593 was rejected. [Without limits](Self::off), 98
    /// of 100 were rejected.
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

    /// Sets the number of requests per second, at least 1.
    pub fn requests_per_second(mut self, requests: u32) -> Self {
        self.requests_per_second = requests.max(1);
        self
    }

    /// Sets the number of concurrent requests, at least 1. A stream counts until its headers have
    /// arrived.
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

/// How a manager rejects a request when there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Throttle {
    /// 429: too many requests per second.
    Rate,
    /// 503: too many concurrent requests, or the manager is starting.
    Busy,
}

/// Limits the requests to one manager.
pub(crate) struct Limiter {
    limits: Limits,
    permits: Semaphore,
    /// The request that holds the lock takes the next slot.
    queue: Queue<()>,
    rate: Mutex<Option<RateController>>,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        let rate =
            (limits.mode == Mode::Fixed).then(|| RateController::new(limits, Instant::now()));
        Self {
            permits: Semaphore::new(limits.concurrent),
            queue: Queue::new(()),
            rate: Mutex::new(rate),
            limits,
        }
    }

    /// Waits until a request may be sent. The request counts as concurrent until the permit is
    /// dropped. If this future is dropped, the next request in the queue takes its place.
    pub(crate) async fn acquire(&self) -> Option<SemaphorePermit<'_>> {
        if self.limits.mode == Mode::Off {
            return None;
        }
        // The semaphore is never closed.
        let permit = self.permits.acquire().await.ok();
        if lock(&self.rate).is_some() {
            let _head_of_queue = self.queue.lock().await;
            while let Some(slot) = self.next_slot() {
                sleep_until(slot).await;
            }
        }
        permit
    }

    /// Takes a slot if one is free now (`None`), or returns when the next one is.
    fn next_slot(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut rate = lock(&self.rate);
        let rate = rate.as_mut()?;
        if rate.next_slot > now {
            return Some(rate.next_slot);
        }
        rate.take_slot(now);
        None
    }

    /// Records that the manager has rejected a request that was sent at `sent`.
    pub(crate) fn on_throttled(&self, throttle: Throttle, sent: Instant) {
        if self.limits.mode != Mode::Adaptive {
            return;
        }
        let now = Instant::now();
        let mut rate = lock(&self.rate);
        match &mut *rate {
            Some(rate) => rate.on_throttled(throttle, sent, now),
            None => *rate = Some(RateController::new(self.limits, now)),
        }
    }

    /// Records that the manager has accepted a request.
    pub(crate) fn on_response(&self) {
        if self.limits.mode == Mode::Adaptive
            && let Some(rate) = &mut *lock(&self.rate)
        {
            rate.on_accepted(Instant::now());
        }
    }
}

/// Spreads requests evenly, at a rate that follows the manager's responses.
#[derive(Debug)]
struct RateController {
    /// Requests per second.
    rate: f64,
    next_slot: Instant,
    /// The rate at which the manager last rejected requests, and when.
    ceiling: f64,
    last_cut: Instant,
    /// The lower bound of the rate, unless most requests are rejected. A manager that rejects all
    /// requests, or a few at any rate, does so for other reasons than the rate.
    floor: f64,
    /// The share of requests that was rejected in the last second, and the rate of that second.
    last: (f64, f64),
    /// The share of requests that is rejected at any rate.
    baseline: f64,
    /// The counts since `window_start`.
    window_start: Instant,
    accepted: u32,
    rejected: u32,
    busy: u32,
}

impl RateController {
    fn new(limits: Limits, now: Instant) -> Self {
        let rate = f64::from(limits.requests_per_second);
        Self {
            rate,
            next_slot: now,
            ceiling: rate,
            last_cut: now,
            floor: rate / 10.0,
            last: (0.0, rate),
            baseline: 0.0,
            window_start: now,
            accepted: 0,
            rejected: 0,
            busy: 0,
        }
    }

    /// Takes a slot. Unused slots are lost, except to a timer that was late.
    fn take_slot(&mut self, now: Instant) {
        let slot = match now.saturating_duration_since(self.next_slot) < TIMER_TOLERANCE {
            true => self.next_slot,
            false => now,
        };
        self.next_slot = slot + Duration::from_secs_f64(1.0 / self.rate);
    }

    /// Counts a rejection, unless the request was sent before the last cut of the rate.
    fn on_throttled(&mut self, throttle: Throttle, sent: Instant, now: Instant) {
        if sent >= self.last_cut {
            match throttle {
                Throttle::Rate => self.rejected = self.rejected.saturating_add(1),
                Throttle::Busy => self.busy = self.busy.saturating_add(1),
            }
        }
        self.adjust_if_due(now);
    }

    fn on_accepted(&mut self, now: Instant) {
        self.accepted = self.accepted.saturating_add(1);
        self.adjust_if_due(now);
    }

    fn adjust_if_due(&mut self, now: Instant) {
        let length = now.saturating_duration_since(self.window_start);
        if length < SECOND {
            return;
        }
        let share = self.rejected_share();
        // A few busy responses have other causes. If most are busy, the rate is too high.
        if share > self.baseline * SIGNIFICANT || self.busy > self.accepted {
            let accepted = f64::from(self.accepted) / length.as_secs_f64();
            self.ceiling = self.rate;
            self.last_cut = now;
            let lowest = self.rate * MIN_SHARE_AFTER_CUT;
            self.rate = match self.accepted {
                0 => lowest.max(self.floor),
                _ => accepted.min(self.rate * MAX_SHARE_AFTER_CUT).max(lowest),
            };
            let is_normal = share < MAX_BASELINE;
            self.rate = self.rate.max(if is_normal { self.floor } else { MIN_RATE });
        } else if f64::from(self.accepted) >= 0.5 * self.rate * length.as_secs_f64() {
            // If calls do not use the full rate, it must not grow.
            self.raise(now);
        }
        (self.window_start, self.accepted, self.rejected, self.busy) = (now, 0, 0, 0);
    }

    /// The share of requests that was rejected. If it did not fall with the rate, it raises the
    /// baseline.
    fn rejected_share(&mut self) -> f64 {
        let all = self.accepted.saturating_add(self.rejected);
        let share = f64::from(self.rejected) / f64::from(all.max(1));
        let (last_share, last_rate) = self.last;
        if self.rate < last_rate {
            let is_unchanged = share >= 0.9 * last_share && share < MAX_BASELINE;
            self.baseline = (self.baseline + if is_unchanged { share } else { 0.0 }) / 2.0;
        }
        self.last = (share, self.rate);
        share
    }

    fn raise(&mut self, now: Instant) {
        let calm = now.saturating_duration_since(self.last_cut);
        // Above the ceiling the steps are small at first, and grow while nothing is rejected.
        let doublings = calm.saturating_sub(CAUTION).as_secs().min(6);
        let step = (self.rate / 100.0).max(0.25) * f64::from(1 << doublings);
        let raised = self.rate + ((self.ceiling - self.rate) / 2.0).max(step.min(self.rate));
        if raised < self.ceiling || calm >= CAUTION {
            self.rate = raised.min(MAX_RATE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    async fn acquire_times(limiter: &Limiter, times: usize) -> Duration {
        let began = Instant::now();
        for _ in 0..times {
            drop(limiter.acquire().await);
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_fixed_rate_limit_spreads_requests_evenly() {
        let limiter = Limiter::new(Limits::fixed().requests_per_second(50));
        assert_eq!(acquire_times(&limiter, 101).await.as_millis(), 2000);
        // Unused slots are lost.
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(acquire_times(&limiter, 51).await.as_millis(), 1000);
        limiter.on_throttled(Throttle::Rate, Instant::now());
        assert_eq!(acquire_times(&limiter, 50).await.as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn an_adaptive_rate_limit_delays_nothing_before_the_first_429() {
        for limits in [Limits::off(), Limits::adaptive()] {
            let limiter = Limiter::new(limits);
            assert_eq!(acquire_times(&limiter, 10_000).await, Duration::ZERO);
        }
        let limiter = Limiter::new(Limits::adaptive());
        limiter.on_throttled(Throttle::Rate, Instant::now());
        assert_eq!(acquire_times(&limiter, 101).await.as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_requests_are_limited_and_a_dropped_one_frees_its_permit() {
        let limiter = Limiter::new(Limits::adaptive().concurrent(2));
        let first = limiter.acquire().await;
        let second = limiter.acquire().await;
        let third = tokio::time::timeout(milliseconds(10), limiter.acquire());
        assert!(third.await.is_err());
        drop(first);
        let third = limiter.acquire().await;
        assert!(third.is_some() && second.is_some());
        drop((second, third));
        assert_eq!(limiter.permits.available_permits(), 2);
        assert!(
            Limiter::new(Limits::off().concurrent(1))
                .acquire()
                .await
                .is_none()
        );
    }

    /// The rate after each second, at a manager that accepts `limit` requests a second.
    fn rates(limits: Limits, limit: f64, seconds: u32) -> Vec<f64> {
        let start = Instant::now();
        let mut controller = RateController::new(limits, start);
        let mut rates = Vec::new();
        for second in 1..=seconds {
            let now = start + SECOND * second;
            controller.accepted = controller.rate.min(limit) as u32;
            controller.rejected = (controller.rate - limit).ceil().max(0.0) as u32;
            controller.adjust_if_due(now);
            rates.push(controller.rate);
        }
        rates
    }

    #[test]
    fn the_adaptive_rate_limit_settles_at_the_managers_rate() {
        for limit in [10.0, 40.0, 100.0, 103.0] {
            let rates = rates(Limits::adaptive(), limit, 200);
            let settled: Vec<f64> = rates.into_iter().skip(10).collect();
            let taken: f64 = settled.iter().map(|rate| rate.min(limit)).sum();
            assert!(taken / (limit * 190.0) > 0.95, "{limit}: {settled:?}");
            let refused: f64 = settled.iter().map(|rate| (rate - limit).max(0.0)).sum();
            assert!(refused / taken < 0.01, "{limit}: {settled:?}");
        }
        // A higher limit is eventually found too.
        assert!(rates(Limits::adaptive(), 250.0, 200).last().unwrap() > &240.0);
    }

    #[test]
    fn the_rate_limit_recovers_soon_after_a_time_of_503_only() {
        let start = Instant::now();
        let mut controller = RateController::new(Limits::adaptive(), start);
        for second in 1..=20 {
            controller.busy = 1;
            controller.adjust_if_due(start + SECOND * second);
        }
        assert_eq!(controller.rate, 10.0);
        for second in 21..=40 {
            controller.accepted = controller.rate as u32;
            controller.adjust_if_due(start + SECOND * second);
        }
        assert!(controller.rate > 95.0, "{}", controller.rate);
    }

    #[test]
    fn the_rate_limit_has_a_minimum_and_ignores_rejections_of_requests_sent_before_the_last_cut() {
        let start = Instant::now();
        let mut controller =
            RateController::new(Limits::adaptive().requests_per_second(1), start + SECOND);
        controller.on_throttled(Throttle::Rate, start, start + SECOND * 2);
        assert_eq!(controller.rejected, 0);
        for second in 2..100 {
            let now = start + SECOND * second;
            controller.on_throttled(Throttle::Rate, now, now);
            controller.on_throttled(Throttle::Rate, now, now + SECOND);
        }
        assert_eq!(controller.rate, MIN_RATE);
    }

    #[test]
    fn rejections_at_any_rate_do_not_lower_the_rate_limit_for_ever() {
        // One in twenty; one a second; one a second on average, sometimes two.
        let refusals: [fn(f64, u32) -> u32; 3] = [
            |rate, _| (rate / 20.0) as u32,
            |_, _| 1,
            |_, second| [1, 0, 2, 1, 1][second as usize % 5],
        ];
        for (refused, least) in refusals.into_iter().zip([90.0, 90.0, 10.0]) {
            let start = Instant::now();
            let mut controller = RateController::new(Limits::adaptive(), start);
            for second in 1..=120 {
                controller.rejected = refused(controller.rate, second);
                controller.accepted = (controller.rate as u32).saturating_sub(controller.rejected);
                controller.adjust_if_due(start + SECOND * second);
                assert!(controller.rate >= 10.0, "{second}: {}", controller.rate);
            }
            assert!(controller.rate >= least, "{}", controller.rate);
        }
    }

    #[test]
    fn rejections_caused_by_other_clients_are_not_part_of_the_baseline() {
        // Other clients send 80 requests a second to a manager that accepts 100.
        let start = Instant::now();
        let mut controller = RateController::new(Limits::adaptive(), start);
        let (mut all, mut refused) = (0, 0);
        for second in 1..=300 {
            let sent = controller.rate as u32;
            controller.accepted = sent.min(sent * 100 / (sent + 80));
            controller.rejected = sent - controller.accepted;
            if second > 30 {
                (all, refused) = (all + sent, refused + controller.rejected);
            }
            controller.adjust_if_due(start + SECOND * second);
        }
        assert!(refused * 10 < all, "{refused} of {all}");
        assert!(
            (15.0..30.0).contains(&controller.rate),
            "{}",
            controller.rate
        );
    }

    #[tokio::test(start_paused = true)]
    async fn busy_503_responses_start_the_rate_limit_and_lower_it_if_they_prevail() {
        let limiter = Limiter::new(Limits::adaptive());
        limiter.on_throttled(Throttle::Busy, Instant::now());
        assert_eq!(acquire_times(&limiter, 101).await.as_millis(), 1000);
        let start = Instant::now();
        let mut controller = RateController::new(Limits::adaptive(), start);
        for (second, busy, answered, rate) in [(1, 40, 60, 101.0), (2, 60, 40, 50.5)] {
            (controller.busy, controller.accepted) = (busy, answered);
            controller.adjust_if_due(start + SECOND * second);
            assert!(
                (controller.rate - rate).abs() < 2.0,
                "{second}: {}",
                controller.rate
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_stops_waiting_for_the_rate_limit_leaves_its_slot_to_the_next() {
        let limiter = Limiter::new(Limits::fixed().requests_per_second(1));
        drop(limiter.acquire().await);
        for _ in 0..100 {
            let waiting = tokio::time::timeout(milliseconds(1), limiter.acquire());
            assert!(waiting.await.is_err());
        }
        let began = Instant::now();
        drop(limiter.acquire().await);
        assert!(began.elapsed() <= SECOND, "{:?}", began.elapsed());
    }
}
