//! Parameters: the names, types, ranges and defaults of each operation. Serde's own view of each declaration is asked,
//! and its check, so that nothing is listed twice.

use std::cell::RefCell;

use serde::Serialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor, value,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::Operation;
use crate::call_syntax;
use crate::error::Error;

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Parameter {
    /// The name, as text and JSON have it.
    pub name: &'static str,
    /// The possible values, as text: `a number of 0 to 1`, `nearest, bilinear or bicubic`.
    pub values: String,
    /// The value where none is written, as text; none if one must be written.
    pub default: Option<String>,
}

/// What can be written for a parameter.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    Number,
    Truth,
    Text,
    /// From the least to the most, where a type ends that people reach.
    Whole(Option<i64>, Option<u64>),
    /// One of these words, or this word with a value of its own.
    Choice(Vec<(&'static str, Option<Form>)>),
    /// So many of them, or any number.
    List(Box<Form>, Option<usize>),
    Optional(Box<Form>),
    Record(&'static [&'static str]),
}

/// The parameters of an operation, in the order of its declaration.
pub(super) fn of<T: Operation>() -> Vec<Parameter> {
    let forms: Vec<_> = fields::<T>().iter().filter_map(|&name| Some((name, form_of::<T>(name)?))).collect();
    // Any values that serde takes, so that leaving one out shows what stands for it.
    let written = |except: &str| -> Map<String, Value> {
        let others = forms.iter().filter(|(name, _)| *name != except);
        others.map(|(name, form)| ((*name).to_string(), form.some_value())).collect()
    };
    let default = |name: &str| {
        let made: T = serde_json::from_value(Value::Object(written(name))).ok()?;
        Some(match serde_json::to_value(made).ok()?.get(name) {
            Some(Value::String(word)) => word.clone(),
            Some(value) => value.to_string(),
            None => Value::Null.to_string(),
        })
    };
    let values = |name: &str, form: &Form| match (form, range::<T>(name, form)) {
        (Form::Number, Some(range)) => format!("a number of {range}"),
        (Form::Whole(..), Some(range)) => format!("a whole number of {range}"),
        (other, _) => other.words(),
    };
    forms.iter().map(|(name, form)| Parameter { name, values: values(name, form), default: default(name) }).collect()
}

/// The range that the check of a number states when it refuses one that is far too large.
fn range<T: Operation>(name: &str, form: &Form) -> Option<String> {
    let too_large = match form {
        Form::Number => Value::from(1e300),
        Form::Whole(_, most) => Value::from(most.unwrap_or(u32::MAX.into())),
        _ => return None,
    };
    let mut parameters = call_syntax::parameters("operation", T::EXAMPLES.first()?).ok()?;
    parameters.insert(name.to_string(), too_large);
    let operation: T = serde_json::from_value(Value::Object(parameters)).ok()?;
    match operation.check() {
        Err(Error::Parameter { parameter, rule, .. }) if parameter == name => {
            Some(rule.strip_prefix("is outside ")?.replace("..=", " to "))
        }
        _ => None,
    }
}

/// How an operation is written: `Rotate(degrees, interpolation=nearest, fill=[0,0,0])`.
pub(super) fn usage(name: &str, parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return name.to_string();
    }
    let written = |parameter: &Parameter| match &parameter.default {
        Some(default) => format!("{}={default}", parameter.name),
        None => parameter.name.to_string(),
    };
    format!("{name}({})", parameters.iter().map(written).collect::<Vec<_>>().join(", "))
}

/// The names of a declaration's fields.
fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let seen = RefCell::new(None);
    // The probe never has a value, so that this ends with an error once it has seen the form.
    let _ = T::deserialize(Probe { seen: &seen, variant: 0 });
    match seen.into_inner() {
        Some(Form::Record(names)) => names,
        _ => &[],
    }
}

/// What serde expects for a field.
fn form_of<T: DeserializeOwned>(name: &'static str) -> Option<Form> {
    let probed = |variant| {
        let seen = RefCell::new(None);
        let _ = T::deserialize(OneField { name, probe: Probe { seen: &seen, variant } });
        seen.into_inner()
    };
    let form = probed(0)?;
    let Form::Choice(mut choices) = form else { return Some(form) };
    // A probe sees what one word takes.
    for (variant, choice) in choices.iter_mut().enumerate() {
        if let Some(Form::Choice(probed)) = probed(variant) {
            choice.1 = probed.into_iter().nth(variant).and_then(|(_, form)| form);
        }
    }
    Some(Form::Choice(choices))
}

impl Form {
    fn words(&self) -> String {
        match self {
            Form::Number => "a number".to_string(),
            Form::Truth => "true or false".to_string(),
            Form::Text => "text".to_string(),
            Form::Whole(Some(least), Some(most)) => format!("a whole number of {least} to {most}"),
            Form::Whole(Some(least), None) => format!("a whole number of at least {least}"),
            Form::Whole(None, _) => "a whole number".to_string(),
            Form::Choice(choices) => {
                let word = |(word, form): &(&'static str, Option<Form>)| match form {
                    Some(form) => format!("{{\"{word}\": {}}}", form.words()),
                    None => (*word).to_string(),
                };
                let words: Vec<_> = choices.iter().map(word).collect();
                match words.split_last() {
                    Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
                    _ => words.concat(),
                }
            }
            Form::List(of, Some(length)) => format!("a list of {length}, each {}", of.words()),
            Form::List(of, None) => format!("a list, each {}", of.words()),
            Form::Optional(form) => format!("{}, or null", form.words()),
            Form::Record(names) => {
                let pairs: Vec<_> = names.iter().map(|name| format!("\"{name}\": ..")).collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }

    /// A value of this form.
    fn some_value(&self) -> Value {
        match self {
            Form::Number | Form::Whole(..) => Value::from(0),
            Form::Truth => Value::Bool(false),
            Form::Text => Value::String(String::new()),
            Form::Choice(choices) => match choices.first() {
                Some((word, Some(form))) => Value::Object(Map::from_iter([((*word).to_string(), form.some_value())])),
                Some((word, None)) => Value::String((*word).to_string()),
                None => Value::Null,
            },
            Form::List(of, length) => Value::Array(vec![of.some_value(); length.unwrap_or(0)]),
            Form::Optional(_) | Form::Record(_) => Value::Null,
        }
    }
}

/// Stands where serde looks for a value, notes the form that it expects, and has no value.
#[derive(Clone, Copy)]
struct Probe<'a> {
    seen: &'a RefCell<Option<Form>>,
    /// Which of the words of a choice is looked into.
    variant: usize,
}

impl Probe<'_> {
    fn see<V>(self, form: Form) -> Result<V, value::Error> {
        self.seen.replace(Some(form));
        Err(value::Error::custom("a probe has no value"))
    }

    /// Sees what stands inside another form.
    fn see_inside<V>(
        self,
        look: impl FnOnce(Self) -> Result<V, value::Error>,
        form: impl FnOnce(Form) -> Form,
    ) -> Result<V, value::Error> {
        let result = look(self);
        let inside = self.seen.take();
        self.seen.replace(inside.map(form));
        result
    }
}

macro_rules! whole {
    ($($method:ident: $least:expr, $most:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            self.see(Form::Whole($least, $most))
        })*
    };
}

macro_rules! sees {
    ($($method:ident: $form:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> { self.see($form) })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = value::Error;

    whole! {
        deserialize_u8: Some(0), Some(u8::MAX.into());
        deserialize_u16: Some(0), Some(u16::MAX.into());
        deserialize_u32: Some(0), None;
        deserialize_u64: Some(0), None;
        deserialize_i64: None, None;
    }

    sees! {
        deserialize_f64: Form::Number;
        deserialize_bool: Form::Truth;
        deserialize_any: Form::Text;
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        self.see(Form::Record(fields))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.see_inside(|probe| visitor.visit_some(probe), |form| Form::Optional(Box::new(form)))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.see_inside(|probe| visitor.visit_seq(probe), |form| Form::List(Box::new(form), None))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.see_inside(|probe| visitor.visit_seq(probe), |form| Form::List(Box::new(form), Some(length)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let word = variants.get(self.variant).copied().unwrap_or_default();
        // A word alone notes nothing, and may make a value.
        let result = visitor.visit_enum(Word { word, probe: self });
        let inside = self.seen.take();
        let choice = |(i, &word)| (word, if i == self.variant { inside.clone() } else { None });
        self.seen.replace(Some(Form::Choice(variants.iter().enumerate().map(choice).collect())));
        result
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 char str string bytes byte_buf unit unit_struct newtype_struct tuple_struct map
        identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Probe<'_> {
    type Error = value::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Self::Error> {
        seed.deserialize(*self).map(Some)
    }
}

/// One word of a choice.
struct Word<'a> {
    word: &'static str,
    probe: Probe<'a>,
}

impl<'de, 'a> EnumAccess<'de> for Word<'a> {
    type Error = value::Error;
    type Variant = Probe<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), Self::Error> {
        Ok((seed.deserialize(self.word.into_deserializer())?, self.probe))
    }
}

impl<'de> VariantAccess<'de> for Probe<'_> {
    type Error = value::Error;

    fn unit_variant(self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Self::Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], _: V) -> Result<V::Value, Self::Error> {
        self.see(Form::Record(fields))
    }
}

/// An operation with one parameter to write.
struct OneField<'a> {
    name: &'static str,
    probe: Probe<'a>,
}

impl<'de> Deserializer<'de> for OneField<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for OneField<'_> {
    type Error = value::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Self::Error> {
        match std::mem::take(&mut self.name) {
            "" => Ok(None),
            name => seed.deserialize(name.into_deserializer()).map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Self::Error> {
        seed.deserialize(self.probe)
    }
}

#[cfg(test)]
mod tests {
    use super::Parameter;
    use crate::ops::{Op, OpKind};

    #[test]
    fn names_values_and_defaults_are_those_of_the_declarations() {
        let shown = |op: OpKind| -> Vec<String> {
            let parameters = op.parameters().into_iter();
            parameters.map(|p| format!("{}: {} = {:?}", p.name, p.values, p.default)).collect()
        };
        assert_eq!(shown(OpKind::Invert), [""; 0]);
        assert_eq!(
            shown(OpKind::Rotate),
            [
                "degrees: a number of -1000000 to 1000000 = None",
                "interpolation: nearest, bilinear or bicubic = Some(\"nearest\")",
                "fill: a list of 3, each a whole number of 0 to 255 = Some(\"[0,0,0]\")",
            ]
        );
        assert_eq!(
            shown(OpKind::SolarizeAdd),
            ["add: a whole number of 0 to 255 = None", "threshold: a whole number of 0 to 256 = Some(\"128\")"]
        );
        assert_eq!(shown(OpKind::Posterize), ["bits: a whole number of 0 to 8 = None"]);
        assert_eq!(shown(OpKind::Desaturate), ["amount: a number of 0 to 1 = None"]);
        assert_eq!(
            shown(OpKind::Crop)[..3],
            [
                "x: a whole number of -1000000 to 1000000 = None",
                "y: a whole number of -1000000 to 1000000 = None",
                "width: a whole number of 1 to 32767 = None",
            ]
        );
        assert_eq!(shown(OpKind::Resize)[3], "box: a list of 4, each a number, or null = Some(\"null\")");
        assert_eq!(
            shown(OpKind::AugMix),
            [
                "rule: {\"sum\": a number}, {\"sum_then_blend\": a number} or blends = None",
                "branches: a list, each {\"weight\": .., \"ops\": ..} = None",
            ]
        );
        assert_eq!(OpKind::Crop.usage(), "Crop(x, y, width, height, border=constant, fill=[0,0,0])");
        assert_eq!(OpKind::Invert.usage(), "Invert");
    }

    /// A declaration writes the parameters that it takes, but for those that are null.
    #[test]
    fn every_operation_takes_the_parameters_that_it_writes() {
        for &op in OpKind::ALL.iter().chain(OpKind::TRANSFORM_ONLY) {
            let parameters = op.parameters();
            for example in op.examples() {
                let written = example.parse::<Op>().unwrap().parameters();
                let is_there = |p: &&Parameter| p.default.as_deref() != Some("null") || written.contains_key(p.name);
                let names: Vec<_> = parameters.iter().filter(is_there).map(|p| p.name).collect();
                assert_eq!(names, written.keys().collect::<Vec<_>>(), "{example}");
            }
        }
    }
}
