//! Makes a value out of its name and its content.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// The value of this name with this content, which is JSON text.
pub(crate) fn read<T: DeserializeOwned>(name: &str, json: &[u8]) -> Result<T, Error> {
    let mut content = serde_json::Deserializer::from_slice(json);
    let value = T::deserialize(Joined { name, content: &mut content })?;
    content.end()?;
    Ok(value)
}

/// The value of this name with this content, which has been taken apart.
pub(crate) fn read_value<T: DeserializeOwned>(name: &str, content: Value) -> Result<T, Error> {
    T::deserialize(Joined { name, content })
}

struct Joined<'a, D> {
    name: &'a str,
    content: D,
}

impl<'de, D: Deserializer<'de, Error = Error>> Deserializer<'de> for Joined<'_, D> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("only the variants of an enum and structs are recorded under a name"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content.deserialize_map(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content.deserialize_any(Nothing)?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self.content)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de, 'a, D: Deserializer<'de, Error = Error>> EnumAccess<'de> for Joined<'a, D> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = StrDeserializer::<'a, Error>::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de, D: Deserializer<'de, Error = Error>> VariantAccess<'de> for Joined<'_, D> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.content.deserialize_any(Nothing)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.content)
    }

    fn tuple_variant<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Error> {
        self.content.deserialize_tuple(count, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content.deserialize_map(visitor)
    }
}

/// The content of a name that says it all: `{}`. Fields that a newer writer added are passed over,
/// as they are in a variant that has fields.
struct Nothing;

impl<'de> Visitor<'de> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
