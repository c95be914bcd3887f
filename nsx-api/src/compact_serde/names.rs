//! The field names of a type, with a fast lookup.

/// The names of fields, and a hash table of their indices (see [`slot`]).
pub(crate) struct Names {
    names: &'static [&'static str],
    slots: [u8; SLOTS],
}

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
/// Marks an empty slot.
const NONE: u8 = u8::MAX;

impl Names {
    /// Evaluated at compile time, as a constant of the type.
    #[expect(clippy::indexing_slicing, reason = "a slot is less than `SLOTS`")]
    pub(crate) const fn new(names: &'static [&'static str]) -> Self {
        let mut slots = [NONE; SLOTS];
        let (mut rest, mut index) = (names, 0);
        while let Some((name, others)) = rest.split_first() {
            slots[slot(ends(name.as_bytes()))] = index;
            rest = others;
            // Indices that do not fit in a byte are found by the linear search, like names that
            // share a slot.
            if index < NONE - 1 {
                index += 1;
            }
        }
        Self { names, slots }
    }

    /// The index of a name. A name that shares its slot with a later one is found by a linear
    /// search.
    // Called for each field of each object.
    #[inline(always)]
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let ends = ends(name.as_bytes());
        let index = *self.slots.get(slot(ends))?;
        if index == NONE {
            return None;
        }
        let index = usize::from(index);
        if self
            .names
            .get(index)
            .is_some_and(|known| is(known, name, ends))
        {
            return Some(index);
        }
        self.names.iter().position(|known| *known == name)
    }
}

/// Whether two names are equal, mostly without calling `memcmp`.
#[inline]
fn is(known: &str, name: &str, ends_of_name: (u64, u64)) -> bool {
    known.len() == name.len()
        && ends(known.as_bytes()) == ends_of_name
        && (name.len() <= 16 || known == name)
}

/// Hashes both ends of a name to a number below `SLOTS`: names with a common prefix differ at the
/// end.
const fn slot((head, tail): (u64, u64)) -> usize {
    // The multiplier is odd and irregular, so that the upper bits depend on all others.
    let mixed = (head ^ tail.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - BITS)) as usize
}

/// The first and last eight (or four) bytes of a name. They cover a name of up to 16 bytes
/// completely.
#[inline]
const fn ends(name: &[u8]) -> (u64, u64) {
    if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
        return (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
    }
    if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
        let (head, tail) = (u32::from_le_bytes(*head), u32::from_le_bytes(*tail));
        return (head as u64, tail as u64);
    }
    match *name {
        [a, b, c] => (u16::from_le_bytes([a, b]) as u64, c as u64),
        [a, b] => (a as u64, b as u64),
        [a] => (a as u64, 0),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leak(names: Vec<String>) -> &'static [&'static str] {
        let names: Vec<&'static str> = names.into_iter().map(|name| &*name.leak()).collect();
        names.leak()
    }

    #[test]
    fn field_names_are_found_even_if_they_share_a_slot() {
        for count in [0, 1, 2, 7, 64, 254, 255, 256, 300] {
            let known: Vec<String> = (0..count).map(|number| format!("field_{number}")).collect();
            let names = Names::new(leak(known.clone()));
            for (index, name) in known.iter().enumerate() {
                assert_eq!(names.find(name), Some(index), "{name} of {count}");
            }
            for other in ["", "f", "field_", "field_300", "field_00", "FIELD_1"] {
                assert_eq!(names.find(other), None, "{other} of {count}");
            }
        }
    }

    #[test]
    fn a_field_name_that_differs_in_one_byte_is_not_found() {
        for length in 1..40 {
            let name = "n".repeat(length);
            let names = Names::new(leak(vec![name.clone()]));
            for place in 0..length {
                let mut other = name.clone();
                other.replace_range(place..=place, "m");
                assert_eq!(names.find(&other), None, "{other}");
                let both = Names::new(leak(vec![name.clone(), other.clone()]));
                assert_eq!((both.find(&name), both.find(&other)), (Some(0), Some(1)));
            }
        }
    }

    #[test]
    fn field_names_of_any_length_are_found() {
        let known: Vec<String> = (0..40).map(|length| "a".repeat(length)).collect();
        let names = Names::new(leak(known.clone()));
        for (length, name) in known.iter().enumerate() {
            assert_eq!(names.find(name), Some(length));
            assert_eq!(names.find(&format!("{name}b")), None);
        }
        assert_eq!(names.find("é"), None);
    }
}
