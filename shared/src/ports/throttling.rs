//! Throttling that goes by another name.
//!
//! RunTask asks EC2 about subnets and security groups. Where EC2 throttles that, RunTask answers a fault of the caller's, and
//! only its text tells:
//!
//! | code | text | seen in |
//! |---|---|---|
//! | InvalidParameterException | Error retrieving subnet information for […]: Rate exceeded (ErrorCode: Throttling) | dagster-io/dagster#33439 |
//! | InvalidParameterException | Error retrieving security group information for […]: Request limit exceeded. (ErrorCode: RequestLimitExceeded) | dask/dask-cloudprovider#56 |

/// Codes that ECS has for whatever it blames on the caller. Others say themselves what is wrong.
const GENERAL: [&str; 2] = ["ClientException", "InvalidParameterException"];

/// What throttling is called among AWS's services, as whole words of a text.
const WORDS: [&str; 6] = [
    "RequestLimitExceeded",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
];

/// How ECS and others put it in a sentence.
const SENTENCE: &str = "rate exceeded";

/// Whether an error that says something else is throttling by its text: then nothing was done, and the same call may succeed
/// later.
///
/// Only a refusal (a status of 4xx) can be: behind a 5xx nobody knows what was done, whatever its text says.
pub fn is_throttling_by_text(code: &str, status: u16, text: &str) -> bool {
    GENERAL.contains(&code) && (400..500).contains(&status) && speaks_of_throttling(text)
}

fn speaks_of_throttling(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| WORDS.contains(&word)) || text.to_ascii_lowercase().contains(SENTENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_throttling_where_its_text_says_so() {
        for text in [
            "Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)",
            "Error retrieving security group information for [sg-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)",
            "ThrottlingException: Rate exceeded",
            "Rate Exceeded.",
            "TooManyRequestsException",
        ] {
            for code in ["ClientException", "InvalidParameterException"] {
                assert!(is_throttling_by_text(code, 400, text), "{code}: {text}");
                assert!(!is_throttling_by_text(code, 500, text), "{code} (500): {text}");
            }
            assert!(
                !is_throttling_by_text("AccessDeniedException", 400, text),
                "a code that says what it means"
            );
            assert!(
                !is_throttling_by_text("ServerException", 500, text),
                "nobody knows what was done: {text}"
            );
        }
    }

    #[test]
    fn names_that_only_resemble_the_words_are_something_else() {
        for text in [
            "TaskDefinition is inactive",
            "Unable to find task definition throttling-monitor.",
            "AntiThrottlingService was not found",
            "The limit on tags was exceeded",
            "",
        ] {
            assert!(!is_throttling_by_text("ClientException", 400, text), "{text}");
        }
    }
}
