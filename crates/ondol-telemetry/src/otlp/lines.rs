//! Lines as OTLP has them.

use ondol_doors::{Clock as _, SystemClock};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use prost::Message as _;
use tracing::{Level, Metadata};

use super::attribute::{any, attribute, number, resource, scope, text};
use crate::lines::{Fields, Value, Whose};

/// A line, masked as it was written.
pub(crate) fn record(about: &Metadata<'_>, fields: &Fields, whose: Option<Whose>) -> LogRecord {
    let micros = SystemClock::start().now().as_micros();
    let time = u64::try_from(micros).unwrap_or_default().saturating_mul(1_000);
    let mut attributes: Vec<_> = fields
        .others
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Value::Text(text) => Any::StringValue(text.clone()),
                Value::Number(value) => number(*value),
                Value::Signed(number) => Any::IntValue(*number),
                Value::Fraction(number) => Any::DoubleValue(*number),
                Value::Flag(flag) => Any::BoolValue(*flag),
            };
            attribute(name, value)
        })
        .collect();
    attributes.push(text("target", about.target()));
    let mut record = LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: time,
        severity_number: severity(*about.level()).into(),
        severity_text: about.level().as_str().to_owned(),
        body: Some(any(Any::StringValue(fields.message.clone()))),
        attributes,
        ..LogRecord::default()
    };
    if let Some((context, correlation)) = whose {
        record.trace_id = context.trace_id().to_be_bytes().to_vec();
        record.span_id = context.parent_id().to_be_bytes().to_vec();
        record.flags = u32::from(context.flags());
        let correlation = correlation.map(|flow| text("ondol.correlation", &flow.to_string()));
        record.attributes.extend(correlation);
    }
    record
}

const fn severity(level: Level) -> SeverityNumber {
    match level {
        Level::ERROR => SeverityNumber::Error,
        Level::WARN => SeverityNumber::Warn,
        Level::INFO => SeverityNumber::Info,
        Level::DEBUG => SeverityNumber::Debug,
        Level::TRACE => SeverityNumber::Trace,
    }
}

/// The request that hands over lines of a program.
pub(super) fn request(program: &str, log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = ScopeLogs { scope: Some(scope()), log_records, ..ScopeLogs::default() };
    let of_program = ResourceLogs {
        resource: Some(resource(program)),
        scope_logs: vec![scope_logs],
        ..ResourceLogs::default()
    };
    ExportLogsServiceRequest { resource_logs: vec![of_program] }.encode_to_vec()
}
