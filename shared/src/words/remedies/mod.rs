//! What is said of remedies: reasons as clauses, which stand within a sentence, and the sentences of alerts.
//!
//! Nothing is hidden or cut here: whoever sends it does both. In Japanese a command has a space on either side, for Slack
//! takes a backtick beside a letter for text.

mod en;
mod en_capacity;
mod ja;
mod ja_capacity;

use jiff::Timestamp;

use super::Language;
use crate::action::{ActionId, Because, Doubt, Moved, Remedy, Withdrawal};
use crate::guard::Refusal;
use crate::incident::Why;
use crate::remediation::{Escalation, Room};

/// One sentence of an alert, or two that belong together. Every `why` and `problem` is a sentence already; every call, person
/// and reason is as short as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sentence<'s> {
    /// Nothing was changed.
    NothingChanged,
    /// A person has to say whether an action took effect.
    Settle {
        /// What was called.
        call: &'s str,
        /// Which action.
        id: &'s ActionId,
        /// Since when nobody knows.
        at: Timestamp,
        /// Why nobody knows.
        why: &'s str,
    },
    /// A person may allow an action.
    Approve {
        /// What it does.
        remedy: Remedy,
        /// What would be called.
        call: &'s str,
        /// Which action.
        id: &'s ActionId,
        /// Until when.
        until: Timestamp,
        /// Why it would help.
        why: &'s str,
    },
    /// A person has allowed an action.
    Approved {
        /// Who.
        by: &'s str,
        /// What it does.
        remedy: Remedy,
        /// What will be called.
        call: &'s str,
    },
    /// An action begins.
    Planned {
        /// What it does.
        remedy: Remedy,
        /// What will be called.
        call: &'s str,
    },
    /// A call was made, and its answer is not known yet.
    Issued {
        /// What was called.
        call: &'s str,
        /// When.
        at: Timestamp,
    },
    /// An action took effect.
    Confirmed {
        /// What it does.
        remedy: Remedy,
        /// What was called.
        call: &'s str,
        /// When that became known.
        at: Timestamp,
        /// Why it was done.
        why: &'s str,
    },
    /// A person said whether an action took effect.
    Settled {
        /// What was called.
        call: &'s str,
        /// Whether it did.
        took_effect: bool,
        /// Who said so.
        by: &'s str,
        /// When.
        at: Timestamp,
        /// Why, where they said so.
        why: Option<&'s str>,
    },
    /// What was done helped.
    Helped {
        /// What it does.
        remedy: Remedy,
        /// Since when the target is well.
        at: Timestamp,
    },
    /// What was done did not help in time.
    DidNotHelp {
        /// When that was decided.
        at: Timestamp,
    },
    /// Whether it helps is not known yet.
    Watched,
    /// ECS refused a call.
    Failed {
        /// What it would do.
        remedy: Remedy,
        /// What was called.
        call: &'s str,
        /// When.
        at: Timestamp,
        /// What ECS said.
        problem: &'s str,
    },
    /// An action was given up before its call.
    Withdrawn {
        /// What it would have done.
        remedy: Remedy,
        /// When.
        at: Timestamp,
        /// Why.
        why: &'s str,
    },
    /// Infrastructure-as-code still names what was there before.
    StillNamed {
        /// Whether the change is known to have taken effect.
        is_certain: bool,
        /// What was there, where that is known.
        was: Option<&'s str>,
    },
    /// There is a remedy, and it is not carried out.
    Held {
        /// What it would do.
        remedy: Remedy,
        /// What would be called, where that is known.
        call: Option<&'s str>,
        /// Why it is not.
        why: &'s str,
    },
    /// No remedy helps.
    NoRemedy {
        /// Why not.
        why: &'s str,
    },
    /// Where the change of memory is found, for infrastructure-as-code.
    Fragments {
        /// Of which service.
        service: &'s str,
        /// In which cluster.
        cluster: &'s str,
    },
    /// What moving to on-demand capacity costs, as an estimate.
    Costs {
        /// What moves.
        moved: Moved,
    },
    /// A return to spare capacity has not come to rest in time.
    ReturnFailed {
        /// When that was decided.
        at: Timestamp,
    },
    /// Steward has limited the desired count, and it stays so.
    StaysLimited {
        /// To how many tasks, of how many, and how to raise it.
        why: &'s str,
    },
}

impl Sentence<'_> {
    /// The sentence in a language.
    pub fn say(&self, language: Language) -> String {
        match language {
            Language::En => en::sentence(self),
            Language::Ja => ja::sentence(self),
        }
    }
}

/// What a remedy does: "roll back", completing "Steward would …"; in Japanese a noun.
pub fn remedy(remedy: Remedy, language: Language) -> &'static str {
    match language {
        Language::En => en::remedy(remedy),
        Language::Ja => ja::remedy(remedy),
    }
}

/// Asks for a remedy in a title: "roll back?".
pub fn question(remedy: Remedy, language: Language) -> String {
    match language {
        Language::En if remedy == Remedy::AnswerHook => "go on, or back?".to_owned(),
        Language::Ja if remedy == Remedy::AnswerHook => "続行しますか、戻しますか?".to_owned(),
        Language::En => format!("{}?", en::remedy(remedy)),
        Language::Ja => format!("{}を承認しますか?", ja::remedy(remedy)),
    }
}

/// Why nothing is done.
pub fn why(why: &Why, language: Language) -> String {
    match why {
        Why::Refused(why) => refusal(why, language),
        Why::Escalated(why) => escalation(why, language),
    }
}

/// Why a guard refuses.
pub fn refusal(refusal: &Refusal, language: Language) -> String {
    match language {
        Language::En => en::refusal(refusal),
        Language::Ja => ja::refusal(refusal),
    }
}

/// Why no remedy helps.
pub fn escalation(escalation: &Escalation, language: Language) -> String {
    match language {
        Language::En => en::escalation(escalation),
        Language::Ja => ja::escalation(escalation),
    }
}

/// Why no container instance takes a task.
pub fn room(room: &Room, language: Language) -> String {
    match language {
        Language::En => en_capacity::room(room),
        Language::Ja => ja_capacity::room(room),
    }
}

/// Why a remedy is the right one.
pub fn because(because: &Because, language: Language) -> String {
    match language {
        Language::En => en::because(because),
        Language::Ja => ja::because(because),
    }
}

/// Why an action was given up.
pub fn withdrawal(withdrawal: &Withdrawal, language: Language) -> String {
    match language {
        Language::En => en::withdrawal(withdrawal),
        Language::Ja => ja::withdrawal(withdrawal),
    }
}

/// Why nobody can say whether a call took effect.
pub fn doubt(doubt: &Doubt, language: Language) -> String {
    match language {
        Language::En => en::doubt(doubt),
        Language::Ja => ja::doubt(doubt),
    }
}

/// Hundredths as a decimal fraction, without noughts at its end: `0.25`, `0.5`, `4`.
fn decimal(hundredths: u64) -> String {
    let (whole, part) = (hundredths / 100, hundredths % 100);
    let text = format!("{whole}.{part:02}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The size of a task, in vCPU and GB; `None` where it is not known.
fn size(moved: &Moved) -> Option<(String, String)> {
    let hundredths = |units: u64| decimal(units.saturating_mul(100) / 1_024);
    Some((hundredths(moved.cpu?), hundredths(moved.memory?)))
}

/// Cents as dollars: `0.05`, `12.40`.
fn dollars(cents: u64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
pub(crate) mod tests;
