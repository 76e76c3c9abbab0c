//! Ways to people that the stack does not know, and so does not allow.

use std::io::{self, Write};

use steward::config::{Configuration, Way};

use crate::terminal::YELLOW;

/// Says what the notifications function's role must allow where a change names another webhook or topic. Which ones the
/// stack was deployed with is not known here, so it is said of each that comes in.
pub(crate) fn write_permissions(
    out: &mut impl Write,
    before: &Configuration,
    after: &Configuration,
) -> io::Result<()> {
    let (before, after) = (&before.notifications, &after.notifications);
    for (key, before, after, action, usual) in [
        (
            "notifications.slack.webhook",
            &before.slack,
            &after.slack,
            "ssm:GetParameters",
            "the template's parameter SlackWebhookParameter",
        ),
        ("notifications.topic", &before.topic, &after.topic, "sns:Publish", "the stack's own topic"),
    ] {
        if let Way::To(place) = after
            && before != after
        {
            writeln!(
                out,
                "  {YELLOW}{key}{YELLOW:#}: the notifications function's role must allow {action} on {place}, and nobody is told that \
                 way until it does; the usual way is {usual}"
            )?;
        }
    }
    Ok(())
}
