//! What happened, for the first line of an alert.

use super::Language;
use crate::diagnosis::Cause;

/// The cause in a few words: what follows `cluster/service:` in a title.
pub fn headline(cause: Cause, language: Language) -> &'static str {
    let (en, ja) = both(cause);
    match language {
        Language::En => en,
        Language::Ja => ja,
    }
}

/// English and Japanese, side by side.
#[rustfmt::skip]
fn both(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::ImageNotFound => ("the image does not exist", "イメージが存在しません"),
        Cause::ImageAccessDenied => ("the registry refuses the image", "レジストリがイメージへのアクセスを拒否しました"),
        Cause::ImageRateLimited => ("the registry's pull limit is reached", "レジストリのプル制限に達しました"),
        Cause::ImageRegistryUnreachable => ("the image could not be pulled from its registry", "レジストリからイメージをプルできませんでした"),
        Cause::ImagePlatformMismatch => ("the image is built for another platform", "イメージが別のプラットフォーム向けにビルドされています"),
        Cause::ImageInvalid => ("the image cannot be unpacked", "イメージを展開できません"),
        Cause::DiskFull => ("the disk is full", "ディスクの空き容量がありません"),
        Cause::SecretAccessDenied => ("a secret may not be read", "シークレットの読み取りが許可されていません"),
        Cause::SecretNotFound => ("a secret or parameter does not exist", "シークレットまたはパラメータが存在しません"),
        Cause::SecretUnreachable => ("a secret could not be fetched", "シークレットを取得できませんでした"),
        Cause::LogSetupFailed => ("logging could not be set up", "ログ出力を設定できませんでした"),
        Cause::EnvFileUnavailable => ("an environment file could not be read", "環境ファイルを読み取れませんでした"),
        Cause::VolumeMountFailed => ("a volume could not be mounted", "ボリュームをマウントできませんでした"),
        Cause::RoleNotAssumable => ("a role cannot be assumed", "ロールを引き受けることができません"),
        Cause::CommandNotRunnable => ("the command cannot be run", "コマンドを実行できません"),
        Cause::DependencyFailed => ("a container it depends on did not get there", "依存先のコンテナが条件を満たしませんでした"),
        Cause::TaskConfigInvalid => ("the task definition cannot run here", "タスク定義をこの環境では実行できません"),
        Cause::NetworkInterfaceFailed => ("the network interface could not be set up", "ネットワークインターフェイスを設定できませんでした"),
        Cause::CapacityUnavailable => ("there is no capacity", "キャパシティーが不足しています"),
        Cause::PlacementFailed => ("no container instance fits the task", "タスクの要件に合うコンテナインスタンスがありません"),
        Cause::QuotaExceeded => ("an account limit is reached", "アカウントのクォータに達しました"),
        Cause::OutOfMemory => ("killed for using too much memory", "メモリの使いすぎで強制終了されました"),
        Cause::Killed => ("killed (137), nobody says why", "強制終了されました (137、理由は不明)"),
        Cause::Segfault => ("crashed with a segmentation fault (139)", "セグメンテーション違反でクラッシュしました (139)"),
        Cause::Aborted => ("aborted itself (134)", "プロセスが自ら異常終了しました (134)"),
        Cause::AppError => ("the application exited with an error", "アプリケーションがエラーで終了しました"),
        Cause::ExitedCleanly => ("a container of a service ended by itself", "サービスのコンテナが自ら終了しました"),
        Cause::ContainerRuntimeFailed => ("the container runtime failed", "コンテナランタイムでエラーが発生しました"),
        Cause::ElbHealthCheckFailed => ("load balancer health checks fail", "ロードバランサーのヘルスチェックに失敗しています"),
        Cause::ContainerHealthCheckFailed => ("container health checks fail", "コンテナのヘルスチェックに失敗しています"),
        Cause::SpotInterrupted => ("Spot capacity was taken back", "Spot キャパシティーが回収されました"),
        Cause::HostTerminated => ("the host ended", "ホストが終了しました"),
        Cause::Maintenance => ("AWS maintains the host", "AWS によるホストのメンテナンスです"),
        Cause::InfrastructureImpaired => ("the host is impaired", "ホストに障害が発生しています"),
        Cause::ScaledIn => ("scaled in or replaced", "スケールインまたは置き換えにより停止しました"),
        Cause::StoppedByUser => ("stopped by a call of StopTask", "StopTask の呼び出しにより停止しました"),
        Cause::Completed => ("ran to completion", "処理を完了して終了しました"),
        Cause::AwaitsAnswer => ("the deployment waits for an answer", "デプロイが応答を待っています"),
        Cause::Unknown => ("the evidence names no known cause", "既知の原因を特定できませんでした"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cause_has_a_headline_of_its_own_in_every_language() {
        let all: BTreeSet<&str> = Language::ALL
            .iter()
            .flat_map(|language| Cause::ALL.iter().map(|cause| headline(*cause, *language)))
            .collect();
        assert_eq!(all.len(), 2 * Cause::ALL.len());
    }

    #[test]
    fn headlines_fit_a_title_and_are_in_their_language() {
        for cause in Cause::ALL {
            let (en, ja) = (headline(*cause, Language::En), headline(*cause, Language::Ja));
            assert!(en.is_ascii() && (8..=60).contains(&en.len()), "{en}");
            assert!(!ja.is_ascii() && (8..=30).contains(&ja.chars().count()), "{ja}");
            assert!(!ja.ends_with('。') && !en.ends_with('.'), "{ja}: a headline is no sentence");
        }
    }
}
