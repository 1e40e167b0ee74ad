//! Numbers as OTLP has them: what `/metrics` says, said once more. So a collector that is told and
//! one that scrapes never disagree.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum,
};
use prost::Message as _;

use super::attribute::{resource, scope, text};
use crate::exposition::{Family, Sample, families};

/// The request that hands over the numbers of a program, as they were at a time since it began.
pub(super) fn request(program: &str, said: &str, (begun, now): (u64, u64)) -> Vec<u8> {
    let metrics = families(said).iter().map(|family| metric(family, (begun, now))).collect();
    let scope_metrics = ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() };
    let of_program = ResourceMetrics {
        resource: Some(resource(program)),
        scope_metrics: vec![scope_metrics],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![of_program] }.encode_to_vec()
}

fn metric(family: &Family<'_>, times: (u64, u64)) -> Metric {
    let temporality = AggregationTemporality::Cumulative.into();
    let points = || family.samples.iter().map(|sample| point(sample, times)).collect();
    let data = match family.kind {
        "counter" => Data::Sum(Sum {
            data_points: points(),
            aggregation_temporality: temporality,
            is_monotonic: true,
        }),
        "histogram" => Data::Histogram(Histogram {
            data_points: histograms(family, times),
            aggregation_temporality: temporality,
        }),
        _ => Data::Gauge(Gauge { data_points: points() }),
    };
    Metric {
        name: family.name.to_owned(),
        description: family.help.to_owned(),
        unit: if family.name.ends_with("_seconds") { "s".to_owned() } else { String::new() },
        data: Some(data),
        ..Metric::default()
    }
}

fn point(sample: &Sample<'_>, (begun, now): (u64, u64)) -> NumberDataPoint {
    NumberDataPoint {
        attributes: sample.labels.iter().map(|(name, value)| text(name, value)).collect(),
        start_time_unix_nano: begun,
        time_unix_nano: now,
        value: Some(Value::AsDouble(sample.value)),
        ..NumberDataPoint::default()
    }
}

fn histograms(family: &Family<'_>, (begun, now): (u64, u64)) -> Vec<HistogramDataPoint> {
    type Labels<'a> = Vec<(&'a str, &'a str)>;
    let mut points: BTreeMap<Labels<'_>, HistogramDataPoint> = BTreeMap::new();
    for sample in &family.samples {
        let labels = sample.labels.iter().filter(|(name, _)| *name != "le");
        let labels: Labels<'_> = labels.map(|(name, value)| (*name, value.as_str())).collect();
        let new = || HistogramDataPoint {
            attributes: labels.iter().map(|(name, value)| text(name, value)).collect(),
            start_time_unix_nano: begun,
            time_unix_nano: now,
            ..HistogramDataPoint::default()
        };
        let point = points.entry(labels.clone()).or_insert_with(new);
        let le = sample.labels.iter().find(|(name, _)| *name == "le");
        match (sample.name.strip_prefix(family.name), le) {
            (Some("_bucket"), Some((_, le))) => {
                // Ours are cumulative, OTLP's are each for itself.
                let below: u64 = point.bucket_counts.iter().sum();
                point.bucket_counts.push(whole(sample.value).saturating_sub(below));
                let bound = le.parse::<f64>().ok().filter(|bound| bound.is_finite());
                point.explicit_bounds.extend(bound);
            }
            (Some("_sum"), _) => point.sum = Some(sample.value),
            (Some("_count"), _) => point.count = whole(sample.value),
            _ => {}
        }
    }
    points.into_values().collect()
}

fn whole(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count is whole, and what is not is cut to what is"
    )]
    let whole = value as u64;
    whole
}
