//! Writes the content of a value as JSON and answers its name.

use serde::Serialize;
use serde::ser::{
    Error as _, Impossible, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleVariant, Serializer,
};
use serde_json::Error;

/// Writes the content of a variant or a struct into a buffer; the answer is its name.
pub(crate) fn write<T: Serialize>(value: &T, into: &mut Vec<u8>) -> Result<&'static str, Error> {
    value.serialize(Split { json: &mut serde_json::Serializer::new(into) })
}

struct Split<'a, 'b> {
    json: &'a mut serde_json::Serializer<&'b mut Vec<u8>>,
}

/// What is under way: the content, and the name to answer when it is done.
struct Content<C> {
    name: &'static str,
    content: C,
}

type Json<'a, 'b> = &'a mut serde_json::Serializer<&'b mut Vec<u8>>;
type Fields<'a, 'b> = Content<<Json<'a, 'b> as Serializer>::SerializeStruct>;
type Items<'a, 'b> = Content<<Json<'a, 'b> as Serializer>::SerializeTuple>;
type Never = Impossible<&'static str, Error>;

impl<'a, 'b> Split<'a, 'b> {
    fn fields(self, name: &'static str, count: usize) -> Result<Fields<'a, 'b>, Error> {
        Ok(Content { name, content: self.json.serialize_struct(name, count)? })
    }

    fn nothing(self, name: &'static str) -> Result<&'static str, Error> {
        self.fields(name, 0).and_then(SerializeStruct::end)
    }
}

fn nameless<T>() -> Result<T, Error> {
    Err(Error::custom("only the variants of an enum and structs have a name to be recorded under"))
}

/// Refuses what has no name.
macro_rules! nameless {
    ($($method:ident($($argument:ty),*) -> $answer:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$answer, Error> {
            nameless()
        }
    )*};
}

impl<'a, 'b> Serializer for Split<'a, 'b> {
    type Ok = &'static str;
    type Error = Error;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Items<'a, 'b>;
    type SerializeMap = Never;
    type SerializeStruct = Fields<'a, 'b>;
    type SerializeStructVariant = Fields<'a, 'b>;

    fn serialize_unit_variant(
        self,
        _enum: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<&'static str, Error> {
        self.nothing(variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _enum: &'static str,
        _index: u32,
        variant: &'static str,
        content: &T,
    ) -> Result<&'static str, Error> {
        content.serialize(self.json)?;
        Ok(variant)
    }

    fn serialize_struct_variant(
        self,
        _enum: &'static str,
        _index: u32,
        variant: &'static str,
        count: usize,
    ) -> Result<Fields<'a, 'b>, Error> {
        self.fields(variant, count)
    }

    fn serialize_tuple_variant(
        self,
        _enum: &'static str,
        _index: u32,
        variant: &'static str,
        count: usize,
    ) -> Result<Items<'a, 'b>, Error> {
        Ok(Content { name: variant, content: self.json.serialize_tuple(count)? })
    }

    fn serialize_struct(self, name: &'static str, count: usize) -> Result<Fields<'a, 'b>, Error> {
        self.fields(name, count)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<&'static str, Error> {
        self.nothing(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        content: &T,
    ) -> Result<&'static str, Error> {
        content.serialize(self.json)?;
        Ok(name)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> Result<&'static str, Error> {
        nameless()
    }

    nameless! {
        serialize_bool(bool) -> &'static str;
        serialize_i8(i8) -> &'static str;
        serialize_i16(i16) -> &'static str;
        serialize_i32(i32) -> &'static str;
        serialize_i64(i64) -> &'static str;
        serialize_u8(u8) -> &'static str;
        serialize_u16(u16) -> &'static str;
        serialize_u32(u32) -> &'static str;
        serialize_u64(u64) -> &'static str;
        serialize_f32(f32) -> &'static str;
        serialize_f64(f64) -> &'static str;
        serialize_char(char) -> &'static str;
        serialize_str(&str) -> &'static str;
        serialize_bytes(&[u8]) -> &'static str;
        serialize_none() -> &'static str;
        serialize_unit() -> &'static str;
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
    }
}

impl<C: SerializeStruct<Ok = (), Error = Error>> SerializeStruct for Content<C> {
    type Ok = &'static str;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.content.serialize_field(key, value)
    }

    fn end(self) -> Result<&'static str, Error> {
        self.content.end()?;
        Ok(self.name)
    }
}

impl<C: SerializeStruct<Ok = (), Error = Error>> SerializeStructVariant for Content<C> {
    type Ok = &'static str;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.content.serialize_field(key, value)
    }

    fn end(self) -> Result<&'static str, Error> {
        SerializeStruct::end(self)
    }
}

impl<C: SerializeTuple<Ok = (), Error = Error>> SerializeTupleVariant for Content<C> {
    type Ok = &'static str;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.content.serialize_element(value)
    }

    fn end(self) -> Result<&'static str, Error> {
        self.content.end()?;
        Ok(self.name)
    }
}
