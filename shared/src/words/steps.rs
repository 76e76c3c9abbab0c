//! One step of a story, as a line of a thread.

use super::Language::{self, En, Ja};
use super::hooks;
use crate::incident::Hook;

/// It was opened, for the first time or again.
pub fn opened(place: &str, headline: &str, cause: &str, again: Option<usize>, language: Language) -> String {
    match (language, again) {
        (En, None) => format!("{place} fails: {headline} ({cause})"),
        (En, Some(times)) => format!("{place} fails again, {times} times of late: {headline} ({cause})"),
        (Ja, None) => format!("{place} が失敗しています: {headline} ({cause})"),
        (Ja, Some(times)) => {
            format!("{place} が再び失敗しています (最近{times}回目): {headline} ({cause})")
        }
    }
}

/// It has another cause.
pub fn cause(headline: &str, cause: &str, language: Language) -> String {
    match language {
        En => format!("another cause: {headline} ({cause})"),
        Ja => format!("別の原因: {headline} ({cause})"),
    }
}

/// A deployment waits for an answer, or does not any more.
pub fn hook(hook: &Hook, language: Language) -> String {
    if let Some(over) = &hook.over {
        return hooks::end(over.how, over.by.as_ref(), language);
    }
    let waits = hooks::waits(hook.stage.as_deref(), hook.since, language);
    let ends = hooks::without_an_answer(hook.expires_at, hook.timeout_action, language);
    match language {
        En => format!("the deployment waits for an answer: {waits}; {ends}"),
        Ja => format!("デプロイが応答を待っています: {waits}。{ends}"),
    }
}

/// It grew to so many failures.
pub fn grew(count: usize, language: Language) -> String {
    match language {
        En => format!("{count} failures by now"),
        Ja => format!("失敗が{count}件に達しました"),
    }
}

/// An outage grew to so many services.
pub fn spread(count: usize, language: Language) -> String {
    match language {
        En => format!("{count} services by now"),
        Ja => format!("{count}サービスに広がりました"),
    }
}

/// It became critical.
pub fn critical(status: &str, language: Language) -> String {
    match language {
        En => format!("this is critical now: {status}"),
        Ja => format!("重大度が critical に上がりました: {status}"),
    }
}

/// It is over.
pub fn resolved(status: &str, fixed_by: Option<&str>, language: Language) -> String {
    let by = fixed_by.map(|by| match language {
        En => format!(". Fixed by: {by}"),
        Ja => format!("。対処: {by}"),
    });
    let by = by.unwrap_or_default();
    match language {
        En => format!("resolved: {status}{by}"),
        Ja => format!("解決しました: {status}{by}"),
    }
}

/// It seemed to be over and was not.
pub fn relapsed(status: &str, language: Language) -> String {
    match language {
        En => format!("it was not over: {status}"),
        Ja => format!("再発しました: {status}"),
    }
}

/// It still goes on.
pub fn still(status: &str, language: Language) -> String {
    match language {
        En => format!("this still goes on: {status}"),
        Ja => format!("継続中です: {status}"),
    }
}

/// Whose log lines follow, as far as is known.
pub fn logs(container: Option<&str>, task: Option<&str>, language: Language) -> String {
    let of = container.map_or_else(String::new, |container| match language {
        En => format!(" of container {container}"),
        Ja => format!("コンテナ {container} の"),
    });
    let task = task.map_or_else(String::new, |task| match language {
        En => format!(" (task {task})"),
        Ja => format!(" (タスク {task})"),
    });
    match language {
        En => format!("last log lines{of}{task}"),
        Ja => format!("{of}最後のログ{task}"),
    }
}
