//! The names a type can be written under, without a value of it.
//!
//! serde's derived code hands a deserializer the names of all variants before it reads anything.
//! This deserializer keeps them and stops there.

use serde::Deserializer;
use serde::de::value::Error;
use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// The variants of an enum, or a struct's own name; `None` for anything that has no name.
pub fn names<T: DeserializeOwned>() -> Option<Vec<&'static str>> {
    let mut names = None;
    // The outcome is always the error that stopped the reading; what counts was kept before it.
    T::deserialize(Listing(&mut names)).err().and(names)
}

struct Listing<'a>(&'a mut Option<Vec<&'static str>>);

impl Listing<'_> {
    fn keep<V>(self, names: &[&'static str]) -> Result<V, Error> {
        *self.0 = Some(names.to_vec());
        Err(Error::custom("the names have been listed"))
    }
}

impl<'de> Deserializer<'de> for Listing<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("the type has no name"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.keep(variants)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.keep(&[name])
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.keep(&[name])
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.keep(&[name])
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit seq tuple tuple_struct map identifier ignored_any
    }
}
