//! Public prices, without any free tier.

/// The Region.
pub const REGION: &str = "us-east-1";
/// When the pages said so.
pub const AS_OF: &str = "2025-11";

/// What a million of something costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Of what.
    pub what: &'static str,
    /// Dollars a million.
    pub a_million: f64,
    /// As the page has it.
    pub listed: &'static str,
    /// The page.
    pub source: &'static str,
}

impl Price {
    /// What so many cost.
    pub fn of(&self, count: f64) -> f64 {
        count * self.a_million / 1e6
    }
}

const LAMBDA: &str = "https://aws.amazon.com/lambda/pricing/";
const DYNAMODB: &str = "https://aws.amazon.com/dynamodb/pricing/on-demand/";
const CLOUDWATCH: &str = "https://aws.amazon.com/cloudwatch/pricing/";

/// An invocation.
pub const REQUEST: Price =
    Price { what: "Lambda, requests", a_million: 0.20, listed: "$0.20 a million", source: LAMBDA };
/// A gigabyte for a second on arm64.
pub const GB_SECOND: Price = Price {
    what: "Lambda, GB-seconds on arm64",
    a_million: 13.333_4,
    listed: "$0.0000133334",
    source: LAMBDA,
};
/// A gigabyte for a second on `x86_64`.
pub const GB_SECOND_X86: Price =
    Price { what: "Lambda, GB-seconds on x86", a_million: 16.666_7, listed: "$0.0000166667", source: LAMBDA };
/// A request to SQS, of at most 64 KB.
pub const SQS: Price = Price {
    what: "SQS, requests",
    a_million: 0.40,
    listed: "$0.40 a million",
    source: "https://aws.amazon.com/sqs/pricing/",
};
/// A write request unit.
pub const WRITE: Price =
    Price { what: "DynamoDB, write units", a_million: 0.625, listed: "$0.625 a million", source: DYNAMODB };
/// A read request unit.
pub const READ: Price =
    Price { what: "DynamoDB, read units", a_million: 0.125, listed: "$0.125 a million", source: DYNAMODB };
/// A gigabyte in the table for a month, with point-in-time recovery.
pub const STORED: Price = Price {
    what: "DynamoDB, GB kept, with point-in-time recovery",
    a_million: 450_000.0,
    listed: "$0.25 and $0.20 a month",
    source: DYNAMODB,
};
/// A gigabyte of logs that comes in, and is kept for a month.
pub const LOGS: Price = Price {
    what: "CloudWatch Logs, GB",
    a_million: 530_000.0,
    listed: "$0.50 to come in, $0.03 a month to stay",
    source: CLOUDWATCH,
};
/// A metric for a month.
pub const METRIC: Price =
    Price { what: "CloudWatch, metrics", a_million: 300_000.0, listed: "$0.30 a month", source: CLOUDWATCH };
/// An alarm of one metric for a month.
pub const ALARM: Price = Price {
    what: "CloudWatch, alarms, by the metric",
    a_million: 100_000.0,
    listed: "$0.10 a month",
    source: CLOUDWATCH,
};
/// A dashboard for a month.
pub const DASHBOARD: Price =
    Price { what: "CloudWatch, dashboards", a_million: 3e6, listed: "$3.00 a month", source: CLOUDWATCH };
/// A metric that `GetMetricData` reads.
pub const METRIC_READ: Price = Price {
    what: "CloudWatch, metrics read",
    a_million: 10.0,
    listed: "$0.01 a thousand",
    source: CLOUDWATCH,
};
/// A trace of X-Ray.
pub const TRACE: Price = Price {
    what: "X-Ray, traces",
    a_million: 5.0,
    listed: "$5.00 a million",
    source: "https://aws.amazon.com/xray/pricing/",
};

/// All of them.
pub const ALL: [Price; 13] = [
    REQUEST,
    GB_SECOND,
    GB_SECOND_X86,
    SQS,
    WRITE,
    READ,
    STORED,
    LOGS,
    METRIC,
    ALARM,
    DASHBOARD,
    METRIC_READ,
    TRACE,
];
