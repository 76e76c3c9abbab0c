//! What Slack's error words mean, and what to do about them.
//!
//! From the pages of `chat.postMessage`, `chat.update`, `conversations.history` and `conversations.replies`
//! (<https://docs.slack.dev/reference/methods>). A word that is not here is a refusal.

use crate::ports::Trouble;

const WORDS: &[(&str, Trouble, &str)] = &[
    ("ratelimited", Trouble::Later, ""),
    ("rate_limited", Trouble::Later, ""),
    // "It's possible some aspect of the operation succeeded before the error was raised."
    ("fatal_error", Trouble::Unknown, ""),
    ("internal_error", Trouble::Unknown, ""),
    ("request_timeout", Trouble::Unknown, ""),
    ("service_unavailable", Trouble::Unknown, ""),
    ("invalid_blocks", Trouble::Form, ""),
    ("invalid_blocks_format", Trouble::Form, ""),
    ("invalid_metadata", Trouble::Form, ""),
    ("invalid_metadata_format", Trouble::Form, ""),
    ("invalid_metadata_schema", Trouble::Form, ""),
    ("metadata_too_large", Trouble::Form, ""),
    ("msg_blocks_too_long", Trouble::Form, ""),
    ("msg_too_long", Trouble::Form, ""),
    ("no_text", Trouble::Form, ""),
    ("cant_update_message", Trouble::Gone, ""),
    ("edit_window_closed", Trouble::Gone, ""),
    ("message_not_found", Trouble::Gone, ""),
    ("thread_not_found", Trouble::Gone, ""),
    ("account_inactive", Trouble::Refused, NEW_TOKEN),
    (
        "channel_not_found",
        Trouble::Refused,
        "check the channel's id (C…), and /invite the bot where it is private",
    ),
    ("ekm_access_denied", Trouble::Refused, "the workspace's administrators have suspended posting"),
    ("invalid_auth", Trouble::Refused, NEW_TOKEN),
    ("is_archived", Trouble::Refused, "the channel is archived: unarchive it, or name another one"),
    ("missing_scope", Trouble::Refused, "give the app the bot scope chat:write and install it again"),
    ("not_authed", Trouble::Refused, NEW_TOKEN),
    ("not_in_channel", Trouble::Refused, "/invite the bot to the channel"),
    ("restricted_action", Trouble::Refused, RESTRICTED),
    ("restricted_action_non_threadable_channel", Trouble::Refused, RESTRICTED),
    ("restricted_action_read_only_channel", Trouble::Refused, RESTRICTED),
    ("restricted_action_thread_locked", Trouble::Refused, RESTRICTED),
    ("restricted_action_thread_only_channel", Trouble::Refused, RESTRICTED),
    ("token_expired", Trouble::Refused, NEW_TOKEN),
    ("token_revoked", Trouble::Refused, NEW_TOKEN),
];

const NEW_TOKEN: &str = "install the app again and put its bot token into the parameter";
const RESTRICTED: &str = "the channel's or the workspace's settings do not let the bot post there";
const UNKNOWN_WORD: &str = "look the word up at https://docs.slack.dev/reference/methods/chat.postMessage";

/// What a word means.
pub(super) fn trouble(word: &str) -> Trouble {
    WORDS.iter().find(|(known, ..)| *known == word).map_or(Trouble::Refused, |(_, trouble, _)| *trouble)
}

/// What a person does about a refusal; empty for what passes by itself.
pub(super) fn advice(word: &str) -> &'static str {
    WORDS.iter().find(|(known, ..)| *known == word).map_or(UNKNOWN_WORD, |(.., advice)| advice)
}

/// What a webhook's word says of the form: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.
pub(super) fn is_of_form(said: &str) -> bool {
    let word = said.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or_default();
    word == "invalid_payload" || trouble(word) == Trouble::Form
}
