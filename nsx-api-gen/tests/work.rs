//! Measures the work of a function.

/// The memory that some work allocates. It is the same on every machine, whatever else runs there,
/// and grows with the time that the work takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) allocations: u64,
    /// The bytes of all allocations together.
    pub(crate) bytes: u64,
    /// The bytes that were allocated at the same time.
    pub(crate) memory: u64,
}

impl Work {
    /// Measures what a function allocates. progenitor runs in its own thread and is not included.
    pub(crate) fn of<T>(run: impl FnOnce() -> T) -> (T, Self) {
        let mut result = None;
        let info = allocation_counter::measure(|| result = Some(run()));
        let work = Self {
            allocations: info.count_total,
            bytes: info.bytes_total,
            memory: info.bytes_max,
        };
        (result.unwrap(), work)
    }
}
