//! What a failed call means: one table of AWS error codes for all adapters.
//!
//! Two questions matter: may the same call succeed later, and may it have taken effect? A code that is not in the table
//! is judged by its HTTP status; where nothing came back at all, only a connection that was never made is certain.
//!
//! Texts are looked at for one thing alone: where a general code of ECS says throttling by its text. Such a refusal is
//! [`Verdict::Throttled`] ([`is_throttling_by_text`] tells which, and why); [`verdict`] itself knows codes only.

use std::error::Error;
use std::io;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::ports::is_throttling_by_text;

/// What a failed call means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Turned away for now: certainly not executed, and the same call may succeed later.
    Throttled,
    /// Nobody can say whether it was executed; the same call may succeed later.
    Unknown,
    /// Turned away for good: certainly not executed, and the same call fails again.
    Refused,
    /// A condition did not hold: certainly not executed. Whoever called reads again and decides again.
    ConditionFailed,
}

impl Verdict {
    /// Whether the same call may succeed later.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Throttled | Self::Unknown)
    }

    /// Whether the call may have taken effect all the same.
    pub fn may_have_happened(self) -> bool {
        self == Self::Unknown
    }
}

/// The codes of the services that Steward calls, from their API references, and the common errors of AWS.
const CODES: &[(&str, Verdict)] = &[
    // Common to all.
    ("AccessDenied", Verdict::Refused),
    ("AccessDeniedException", Verdict::Refused),
    ("AuthorizationError", Verdict::Refused),
    ("ExpiredToken", Verdict::Throttled),
    ("ExpiredTokenException", Verdict::Throttled),
    ("IncompleteSignature", Verdict::Refused),
    ("InternalError", Verdict::Unknown),
    ("InternalFailure", Verdict::Unknown),
    ("InternalServerError", Verdict::Unknown),
    ("InvalidClientTokenId", Verdict::Refused),
    ("InvalidParameter", Verdict::Refused),
    ("InvalidParameterException", Verdict::Refused),
    ("InvalidParameterValue", Verdict::Refused),
    ("InvalidSignatureException", Verdict::Refused),
    ("LimitExceededException", Verdict::Throttled),
    ("PriorRequestNotComplete", Verdict::Unknown),
    ("RequestLimitExceeded", Verdict::Throttled),
    ("RequestTimeout", Verdict::Unknown),
    ("RequestTimeoutException", Verdict::Unknown),
    ("ResourceNotFoundException", Verdict::Refused),
    ("ServiceUnavailable", Verdict::Unknown),
    ("SlowDown", Verdict::Throttled),
    ("Throttled", Verdict::Throttled),
    ("ThrottledException", Verdict::Throttled),
    ("Throttling", Verdict::Throttled),
    ("ThrottlingException", Verdict::Throttled),
    ("TooManyRequestsException", Verdict::Throttled),
    ("UnrecognizedClientException", Verdict::Refused),
    ("ValidationError", Verdict::Refused),
    ("ValidationException", Verdict::Refused),
    // DynamoDB.
    ("ConditionalCheckFailedException", Verdict::ConditionFailed),
    ("ItemCollectionSizeLimitExceededException", Verdict::Refused),
    ("ProvisionedThroughputExceededException", Verdict::Throttled),
    ("TransactionConflictException", Verdict::Throttled),
    ("TransactionInProgressException", Verdict::Unknown),
    // SQS.
    ("AWS.SimpleQueueService.NonExistentQueue", Verdict::Refused),
    ("InvalidAddress", Verdict::Refused),
    ("InvalidMessageContents", Verdict::Refused),
    ("MessageNotInflight", Verdict::Refused),
    ("OverLimit", Verdict::Throttled),
    ("QueueDoesNotExist", Verdict::Refused),
    ("ReceiptHandleIsInvalid", Verdict::Refused),
    ("RequestThrottled", Verdict::Throttled),
    // ECS, as its model declares them for the operations that Steward calls. Its general two first.
    ("ClientException", Verdict::Refused),
    ("ServerException", Verdict::Unknown),
    ("BlockedException", Verdict::Refused),
    ("ClusterNotFoundException", Verdict::Refused),
    // Of RunTask it names the tasks that the token started; of StopServiceDeployment, that the deployment has ended.
    ("ConflictException", Verdict::ConditionFailed),
    ("NamespaceNotFoundException", Verdict::Refused),
    ("PlatformTaskDefinitionIncompatibilityException", Verdict::Refused),
    ("PlatformUnknownException", Verdict::Refused),
    ("ServiceDeploymentNotFoundException", Verdict::Refused),
    ("ServiceNotActiveException", Verdict::Refused),
    ("ServiceNotFoundException", Verdict::Refused),
    ("UnsupportedFeatureException", Verdict::Refused),
    // CloudWatch and Application Auto Scaling.
    ("ConcurrentUpdateException", Verdict::Throttled),
    ("InternalServiceException", Verdict::Unknown),
    ("InternalServiceFault", Verdict::Unknown),
    ("InvalidNextToken", Verdict::Refused),
    ("InvalidNextTokenException", Verdict::Refused),
    // SNS.
    ("EndpointDisabled", Verdict::Refused),
    ("KMSAccessDenied", Verdict::Refused),
    ("KMSThrottling", Verdict::Throttled),
    ("NotFound", Verdict::Refused),
    // SSM.
    ("HierarchyTypeMismatchException", Verdict::Refused),
    ("InvalidKeyId", Verdict::Refused),
    ("ParameterAlreadyExists", Verdict::ConditionFailed),
    ("ParameterLimitExceeded", Verdict::Refused),
    ("ParameterNotFound", Verdict::Refused),
    ("ParameterPatternMismatchException", Verdict::Refused),
    ("TooManyUpdates", Verdict::Throttled),
];

/// What a code means; a code that is not known is judged by its HTTP status.
pub fn verdict(code: Option<&str>, status: u16) -> Verdict {
    let known = code.and_then(|code| CODES.iter().find(|(known, _)| *known == code));
    match (known, status) {
        (Some((_, verdict)), _) => *verdict,
        (None, 429) => Verdict::Throttled,
        (None, 400..500) => Verdict::Refused,
        (None, _) => Verdict::Unknown,
    }
}

/// A failed call: what it means, and what was said, for logs and people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCall {
    /// What it means.
    pub verdict: Verdict,
    /// The code and the message, or why nothing came back.
    pub problem: String,
}

impl FailedCall {
    /// Reads an error of the SDK.
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (verdict, problem) = match error {
            SdkError::ServiceError(answer) => of_answer(answer.err(), answer.raw().status().as_u16()),
            SdkError::ConstructionFailure(_) => (Verdict::Refused, innermost(error)),
            SdkError::DispatchFailure(failure) if failure.is_user() => (Verdict::Refused, innermost(error)),
            SdkError::DispatchFailure(_) if never_connected(error) => {
                (Verdict::Throttled, format!("no connection: {}", innermost(error)))
            }
            SdkError::TimeoutError(_) => (Verdict::Unknown, "no answer in time".to_owned()),
            _ => (Verdict::Unknown, format!("no answer: {}", innermost(error))),
        };
        Self { verdict, problem }
    }
}

fn of_answer<E: ProvideErrorMetadata>(error: &E, status: u16) -> (Verdict, String) {
    let code = error.code();
    let name = code.unwrap_or("an error without a code");
    let problem = match error.message() {
        Some(message) => format!("{name} ({status}): {message}"),
        None => format!("{name} ({status})"),
    };
    let text = error.message().unwrap_or_default();
    if code.is_some_and(|code| is_throttling_by_text(code, status, text)) {
        return (Verdict::Throttled, problem);
    }
    (verdict(code, status), problem)
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}

/// The innermost error says what happened; those around it only where.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// A connection that was refused has carried nothing.
pub(super) fn never_connected(error: &(dyn Error + 'static)) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|cause| {
        use io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable};
        matches!(cause.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable | AddrNotAvailable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_code_once_and_in_order_within_its_service() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(CODES.iter().all(|(code, _)| seen.insert(code)), "{CODES:?}");
    }

    #[test]
    fn a_throttled_call_may_be_made_again_and_has_not_happened() {
        let throttled = verdict(Some("ThrottlingException"), 400);
        assert!(throttled.is_retryable() && !throttled.may_have_happened());
    }

    #[test]
    fn a_refusal_whose_text_says_throttling_is_throttled_and_a_servers_error_is_not() {
        use aws_smithy_types::error::ErrorMetadata;
        for (status, code, text, expected) in [
            (
                400,
                "InvalidParameterException",
                "[subnet-1]: Rate exceeded (ErrorCode: Throttling)",
                Verdict::Throttled,
            ),
            (400, "InvalidParameterException", "TaskDefinition is inactive", Verdict::Refused),
            (400, "ClientException", "ThrottlingException: Rate exceeded", Verdict::Throttled),
            (400, "AccessDeniedException", "Rate exceeded", Verdict::Refused),
            (500, "ServerException", "ThrottlingException: Rate exceeded", Verdict::Unknown),
        ] {
            let error = ErrorMetadata::builder().code(code).message(text).build();
            let (judged, problem) = of_answer(&error, status);
            assert_eq!(judged, expected, "{code}: {text}");
            assert_eq!(problem, format!("{code} ({status}): {text}"));
        }
    }

    #[test]
    fn nobody_knows_whether_an_internal_error_took_effect() {
        let unknown = verdict(Some("InternalServerError"), 500);
        assert!(unknown.is_retryable() && unknown.may_have_happened());
    }

    #[test]
    fn an_unknown_code_is_judged_by_its_status() {
        use Verdict::{Refused, Throttled, Unknown};
        let judged = [(400, "X"), (403, "X"), (429, "X"), (500, "X"), (503, "X"), (200, "X")]
            .map(|(status, code)| verdict(Some(code), status));
        assert_eq!(judged, [Refused, Refused, Throttled, Unknown, Unknown, Unknown]);
        assert_eq!(verdict(None, 503), Unknown);
    }
}
