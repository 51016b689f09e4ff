//! Automerge's run-length code for the columns of a change: so many times one value, or so many values that differ. What was
//! taken apart is written again exactly as Automerge writes it; where it wrote otherwise the change travels as it is.

use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;
use crate::scan::signed;

/// Reads a column of values, as many as a change may hold at most; one that holds nothings is not taken apart.
pub(super) fn read<'a, T: Clone>(
    column: &'a [u8],
    mut value: impl FnMut(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let mut reader = Reader::new(column);
    let mut values = Vec::new();
    while !reader.rest().is_empty() {
        let length = signed(&mut reader, "run")?;
        let times = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
        if length == 0 || times > limits::CHANGE_OPS_MAX - values.len() {
            return Err(DecodeError::Invalid { field: "run" });
        }
        if length > 0 {
            let repeated = value(&mut reader)?;
            values.resize(values.len() + times, repeated);
        } else {
            for _ in 0..times {
                values.push(value(&mut reader)?);
            }
        }
    }
    Ok(values)
}

/// Writes a column: a run of each value that stands there more than once in a row, and those between together.
pub(super) fn write<T: PartialEq>(values: &[T], mut value: impl FnMut(&mut Writer, &T)) -> Writer {
    let mut column = Writer::new();
    let mut alone: Vec<&T> = Vec::new();
    for run in values.chunk_by(|before, after| before == after) {
        match run {
            [one] => alone.push(one),
            [one, ..] => {
                flush(&mut column, &mut alone, &mut value);
                write_signed(&mut column, i64::try_from(run.len()).unwrap_or(i64::MAX));
                value(&mut column, one);
            }
            [] => {}
        }
    }
    flush(&mut column, &mut alone, &mut value);
    column
}

fn flush<T>(column: &mut Writer, alone: &mut Vec<&T>, value: &mut impl FnMut(&mut Writer, &T)) {
    if !alone.is_empty() {
        write_signed(column, -i64::try_from(alone.len()).unwrap_or(i64::MAX));
        alone.drain(..).for_each(|one| value(column, one));
    }
}

/// A signed LEB128 number in its shortest form.
pub(super) fn write_signed(writer: &mut Writer, mut value: i64) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        let negative = low & 0x40 != 0;
        if (value == 0 && !negative) || (value == -1 && negative) {
            writer.byte(low);
            return;
        }
        writer.byte(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_written_as_they_are_read() {
        for values in [vec![], vec![7], vec![7, 7], vec![1, 2, 3, 3, 3, 4], vec![5; 200], (0..100).collect()]
        {
            let column = write(&values, |writer, value| {
                writer.number(*value);
            });
            assert_eq!(read(column.as_slice(), |reader| reader.number("value")), Ok(values));
        }
    }

    #[test]
    fn signed_numbers_come_back() {
        for value in [0, 1, -1, 63, 64, -64, -65, 1_772_442_000_000, i64::MAX, i64::MIN] {
            let mut writer = Writer::new();
            write_signed(&mut writer, value);
            assert_eq!(signed(&mut Reader::new(writer.as_slice()), "n"), Ok(value));
        }
    }

    #[test]
    fn few_bytes_do_not_become_many() {
        let mut writer = Writer::new();
        write_signed(&mut writer, 1 << 40);
        writer.number(1);
        assert!(read(writer.as_slice(), |reader| reader.number("value")).is_err());
    }
}
