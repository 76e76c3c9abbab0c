//! CBOR to and from JSON's values, as far as Smithy's protocol goes: no bytes, and times are tagged numbers.

use minicbor::data::{IanaTag, Type};
use minicbor::decode::Error;
use minicbor::{Decoder, Encoder};
use serde_json::{Map, Value};

/// An object of this member alone stands for a time, in seconds since 1970; it is read as a number.
const TIME: &str = "$time";

/// A time, for [`write()`].
pub(super) fn time(second: i64) -> Value {
    Value::Object(Map::from_iter([(TIME.to_owned(), second.into())]))
}

/// Reads one value.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Error> {
    value(&mut Decoder::new(bytes))
}

fn value(decoder: &mut Decoder<'_>) -> Result<Value, Error> {
    Ok(match decoder.datatype()? {
        Type::Null | Type::Undefined => {
            decoder.skip()?;
            Value::Null
        }
        Type::Bool => decoder.bool()?.into(),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64()?.into(),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => decoder.i64()?.into(),
        Type::F16 | Type::F32 | Type::F64 => decoder.f64()?.into(),
        Type::String | Type::StringIndef => text(decoder)?.into(),
        Type::Tag => {
            decoder.tag()?;
            // Integers are times, too: they compare as one kind.
            let told = value(decoder)?;
            told.as_f64().map_or(told, Value::from)
        }
        Type::Array | Type::ArrayIndef => {
            let length = decoder.array()?;
            let mut items = Vec::new();
            while goes_on(decoder, length, items.len())? {
                items.push(value(decoder)?);
            }
            items.into()
        }
        Type::Map | Type::MapIndef => {
            let length = decoder.map()?;
            let (mut members, mut read) = (Map::new(), 0);
            while goes_on(decoder, length, read)? {
                let name = text(decoder)?;
                members.insert(name, value(decoder)?);
                read += 1;
            }
            members.into()
        }
        other => return Err(Error::message(format!("{other} is not imitated")).at(decoder.position())),
    })
}

fn text(decoder: &mut Decoder<'_>) -> Result<String, Error> {
    decoder.str_iter()?.collect()
}

/// Whether another item follows; the end of what has no length is read.
fn goes_on(decoder: &mut Decoder<'_>, length: Option<u64>, read: usize) -> Result<bool, Error> {
    if let Some(length) = length {
        return Ok(u64::try_from(read).unwrap_or(u64::MAX) < length);
    }
    let is_over = decoder.datatype()? == Type::Break;
    if is_over {
        decoder.skip()?;
    }
    Ok(!is_over)
}

/// Writes one value.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    // A vector takes everything.
    let _ = put(&mut encoder, value);
    encoder.into_writer()
}

type Put = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn put(encoder: &mut Encoder<Vec<u8>>, value: &Value) -> Put {
    match value {
        Value::Null => encoder.null()?,
        Value::Bool(truth) => encoder.bool(*truth)?,
        Value::Number(number) => match number.as_i64() {
            Some(number) => encoder.i64(number)?,
            None => encoder.f64(number.as_f64().unwrap_or(f64::NAN))?,
        },
        Value::String(text) => encoder.str(text)?,
        Value::Array(items) => {
            encoder.array(items.len().try_into().unwrap_or(u64::MAX))?;
            return items.iter().try_for_each(|item| put(encoder, item));
        }
        Value::Object(members) => {
            if let Some(time) = members.get(TIME) {
                encoder.tag(IanaTag::Timestamp)?;
                return put(encoder, time);
            }
            encoder.map(members.len().try_into().unwrap_or(u64::MAX))?;
            return members.iter().try_for_each(|(name, member)| {
                encoder.str(name)?;
                put(encoder, member)
            });
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_a_time_is_a_number() {
        let told = json!({"a": [1, -2, 1.5, true, null, "ä"], "b": {}});
        assert_eq!(read(&write(&told)).unwrap(), told);
        assert_eq!(read(&write(&time(60))).unwrap(), json!(60.0));
    }

    #[test]
    fn what_has_no_length_ends_where_it_says_so() {
        // {_ "a": [_ 1, (_ "x", "y")]}, half a number, bytes.
        let endless = [0xbf, 0x61, 0x61, 0x9f, 0x01, 0x7f, 0x61, 0x78, 0x61, 0x79, 0xff, 0xff, 0xff];
        assert_eq!(read(&endless).unwrap(), json!({"a": [1, "xy"]}));
        assert_eq!(read(&[0xf9, 0x3e, 0x00]).unwrap(), json!(1.5));
        assert!(read(&[0x41, 0x00]).is_err());
        assert!(read(&endless[..5]).is_err());
    }
}
