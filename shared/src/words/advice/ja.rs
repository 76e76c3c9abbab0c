//! What to do next, in Japanese: terms as AWS's console has them, names and identifiers as they are.
//!
//! A name in backticks has blanks around it, as Latin words have; so what may stand for one brings its own.

use crate::diagnosis::steps::{
    ContainerStep, Grant, ImageStep, Look, Name, Permission, PlaceStep, SecretStep, ServiceStep, SettingStep,
    StartStep, Step,
};

pub(super) fn text(step: &Step) -> String {
    match step {
        Step::Permit(permission) => permit(permission),
        Step::Image(step) => image(step),
        Step::Secret(step) => secret(step),
        Step::Setting(step) => setting(step),
        Step::Container(step) => container(step),
        Step::Place(step) => place(step),
        Step::Service { step, service: name } => service(*step, name),
        Step::Look(look) => look_at(look),
        Step::Start(step) => start(step),
        Step::ReadEvidence => {
            "引用された根拠とコンテナの最後のログを確認してください。ECS が出力した文面であれば、原因として追加できるよう報告してください。"
                .to_owned()
        }
        Step::Nothing => "対応は不要です。".to_owned(),
    }
}

/// What is called so, with its kind before the name: it can stand anywhere before Japanese.
fn called(kind: &str, name: &Name) -> String {
    name.as_ref().map_or_else(|| kind.to_owned(), |name| format!("{kind} `{name}` "))
}

fn definition_of(name: &Name) -> String {
    called("タスク定義", name)
}

fn container_of(name: &Name) -> String {
    called("コンテナ", name)
}

/// For the beginning of a sentence or clause: the name of an image says that it is one.
fn image_of(name: &Name) -> String {
    name.as_ref().map_or_else(|| "イメージ".to_owned(), |name| format!("`{name}` "))
}

/// The role that the agent acts with before the containers run.
fn execution_role(definition: &Name) -> String {
    format!("{}の実行ロール", definition_of(definition))
}

fn permit(permission: &Permission) -> String {
    let Permission { grant, action, resource, definition } = permission;
    let on = resource.as_ref().map_or_else(String::new, |resource| format!("`{resource}` に対する "));
    let role = execution_role(definition);
    match grant {
        Grant::LiftDeny => format!(
            "{role}について、{on}`{action}` の明示的な拒否を削除してください。明示的な拒否はどの許可よりも優先されます。"
        ),
        Grant::ResourcePolicy => format!(
            "リソース側のポリシーで、{role}に、{on}`{action}` を許可してください。許可が不足しているのはこのポリシーです。"
        ),
        Grant::KeyPolicy => {
            format!("キーポリシーと{role}の両方で、{on}`{action}` を許可してください。")
        }
        Grant::AnyResource => format!(
            "{role}に、`*` に対する `{action}` の許可を追加してください。このアクションではリソースを限定できません。"
        ),
        Grant::TaskRole => {
            format!(
                "{}のタスクロールに、{on}`{action}` の許可を追加してください。",
                definition_of(definition)
            )
        }
        Grant::ExecutionRole => format!("{role}に、{on}`{action}` の許可を追加してください。"),
    }
}

fn image(step: &ImageStep) -> String {
    match step {
        ImageStep::Push { image } => format!(
            "{}をプッシュするか、存在するタグまたはダイジェストを指定したリビジョンをデプロイしてください。",
            image_of(image)
        ),
        ImageStep::PermitPull { image, definition } => format!(
            "{}に、{}に対する `ecr:GetAuthorizationToken`、`ecr:BatchGetImage`、`ecr:GetDownloadUrlForLayer` の許可を追加し、\
             リポジトリポリシーも確認してください。",
            execution_role(definition),
            image_of(image)
        ),
        ImageStep::CheckCredentials { image, definition } => format!(
            "{}の名前と、{}のレジストリ認証情報 (`repositoryCredentials`) を確認してください。",
            image_of(image),
            definition_of(definition)
        ),
        ImageStep::AvoidLimit { image } => format!(
            "{}は、認証情報を使うか、ECR のプルスルーキャッシュを経由してプルしてください。制限は数時間で自然に解除されます。",
            image_of(image)
        ),
        ImageStep::CheckWay => {
            "タスクのサブネットからレジストリへの経路 (パブリック IP または NAT、セキュリティグループ、DNS、ECR の場合は ecr.api、\
             ecr.dkr、S3 の VPC エンドポイント) を確認してください。"
                .to_owned()
        }
        ImageStep::BuildForPlatform { image, definition } => format!(
            "{}を、{}の `runtimePlatform` が示す CPU と OS 向けにビルドするか、`runtimePlatform` を変更してください。",
            image_of(image),
            definition_of(definition)
        ),
        ImageStep::BuildAgain { image } => format!(
            "{}を、アテステーションなし (`--provenance=false`) または通常の OCI イメージとしてビルドし直し、プッシュしてください。",
            image_of(image)
        ),
        ImageStep::FreeDisk { definition } => format!(
            "ディスクの空きを増やすか、容量を拡張してください。Fargate では{}の `ephemeralStorage`、EC2 では Docker 用の\
             ボリュームが対象です。",
            definition_of(definition)
        ),
    }
}

fn secret(step: &SecretStep) -> String {
    match step {
        SecretStep::PermitParameters { definition } => permit_reading("ssm:GetParameters", definition),
        SecretStep::PermitSecrets { definition } => {
            permit_reading("secretsmanager:GetSecretValue", definition)
        }
        SecretStep::CheckNames { definition } => format!(
            "{}が参照するシークレット、JSON キー、パラメータがすべてこのリージョンに存在し、値を持つことを確認してください。",
            definition_of(definition)
        ),
        SecretStep::CheckWay => {
            "タスクのサブネットから Secrets Manager と SSM への経路 (NAT または VPC エンドポイント、セキュリティグループ) を確認し、\
             次に実行ロールを確認してください。メッセージからは、失敗したことしか分かりません。"
                .to_owned()
        }
    }
}

fn permit_reading(action: &str, definition: &Name) -> String {
    format!(
        "{}に、`{action}` の許可を追加してください。カスタマーマネージドキーを使う場合は `kms:Decrypt` の許可も必要です。",
        execution_role(definition)
    )
}

fn setting(step: &SettingStep) -> String {
    match step {
        SettingStep::PermitLogGroup { definition } => permit_logs("logs:CreateLogGroup", definition),
        SettingStep::PermitLogStream { definition } => permit_logs("logs:CreateLogStream", definition),
        SettingStep::CheckLogs { definition } => format!(
            "{}が指定するロググループを作成するか、`awslogs-create-group` を設定して `logs:CreateLogGroup` を許可してください。\
             ほかのログオプションと、ログの送信先への経路も確認してください。",
            definition_of(definition)
        ),
        SettingStep::CheckEnvFile { definition } => format!(
            "ファイルが S3 バケットに存在すること、{}に `s3:GetObject` と `s3:GetBucketLocation` が許可されていることを確認して\
             ください。",
            execution_role(definition)
        ),
        SettingStep::CheckVolumes { definition } => format!(
            "{}のボリュームについて、タスクのアベイラビリティーゾーンのマウントターゲット、セキュリティグループのポート 2049、\
             ルートディレクトリ、アクセスポイント、アクセス許可を確認してください。",
            definition_of(definition)
        ),
        SettingStep::TrustTasks { definition } => format!(
            "{}のロールを `ecs-tasks.amazonaws.com` が引き受けられるように信頼ポリシーを設定し、タスクを起動する側にロールを渡す\
             権限 (`iam:PassRole`) を付与してください。",
            definition_of(definition)
        ),
        SettingStep::CheckCommand { container, definition } => format!(
            "{}の{}について、コマンドとエントリポイントを確認してください。ファイルはイメージ内にあり、実行可能で、プラットフォームに\
             合わせてビルドされている必要があります。",
            definition_of(definition),
            container_of(container)
        ),
        SettingStep::CheckDependency { container, definition } => format!(
            "{}の依存先のコンテナ ({}の `dependsOn`) を確認してください。失敗したか、`startTimeout` までに条件を満たしていません。",
            container_of(container),
            definition_of(definition)
        ),
        SettingStep::Correct { definition } => format!(
            "{}を修正してください。メッセージが示す内容は、タスクの実行環境では利用できません。",
            definition_of(definition)
        ),
    }
}

fn permit_logs(action: &str, definition: &Name) -> String {
    format!(
        "{}に、`{action}` の許可を追加してください (EC2 で実行ロールがない場合はインスタンスロールに追加)。",
        execution_role(definition)
    )
}

fn container(step: &ContainerStep) -> String {
    match step {
        ContainerStep::RaiseMemory { container, definition, memory } => {
            let now = memory
                .as_ref()
                .map_or_else(String::new, |memory| format!(" (現在のタスクのメモリは {memory} MiB)"));
            format!(
                "{}の{}のメモリを増やすか、使用量が増えた原因を調べてください{now}。",
                definition_of(definition),
                container_of(container)
            )
        }
        ContainerStep::FindKiller { container } => format!(
            "{}のメモリと最後のログを確認してください。何によって強制終了されたのか、ECS は示していません。",
            container_of(container)
        ),
        ContainerStep::CompareLibraries { container } => format!(
            "{}の最後のログを確認し、ネイティブライブラリを、正常に動作していた直近のリビジョンと比較してください。",
            container_of(container)
        ),
        ContainerStep::ReadLogs { container } => format!(
            "{}の最後のログを確認してください。アプリケーション自身のエラーで終了しています。",
            container_of(container)
        ),
        ContainerStep::KeepInForeground { container } => format!(
            "{}のメインプログラムがフォアグラウンドで動作し続けるようにしてください。サービスの必須コンテナは終了してはいけません。",
            container_of(container)
        ),
        ContainerStep::CheckTarget { container } => format!(
            "{}がターゲットグループのパスとポートで時間内に応答すること、セキュリティグループが通信を許可していること、ヘルスチェックの\
             猶予期間が起動時間より長いことを確認してください。",
            container_of(container)
        ),
        ContainerStep::TryHealthCheck { container, definition } => format!(
            "{}の `healthCheck` コマンドを{}内で手動実行し、`startPeriod` が十分に長いかどうかも確認してください。",
            definition_of(definition),
            container_of(container)
        ),
        ContainerStep::HeedSigterm { container } => format!(
            "現時点で対応は不要です。ただし、{}は SIGTERM を受けても `stopTimeout` 以内に終了せず、強制終了されました。",
            container_of(container)
        ),
    }
}

fn place(step: &PlaceStep) -> String {
    let fixed = match step {
        PlaceStep::SuspectHost => {
            "ECS がタスクを置き換えるのを待ってください。同じホストで再発する場合は、そのコンテナインスタンスをドレインし、ディスク、\
             Docker、エージェントを確認してください。"
        }
        PlaceStep::CheckSubnets => {
            "タスクのサブネットに空き IP アドレスがあること、ネットワークインターフェイスのクォータに余裕があること、サブネットと\
             セキュリティグループが存在し、同じ VPC に属していることを確認してください。"
        }
        PlaceStep::SpreadOut => {
            "時間をおくか、配置先を分散してください。アベイラビリティーゾーンを増やす、別のキャパシティープロバイダーを使う、Spot に\
             オンデマンドのベースを組み合わせる、といった方法があります。"
        }
        PlaceStep::CompareDemand { definition } => {
            return format!(
                "{}の要件 (CPU、メモリ、ポート、属性) とコンテナインスタンスの空きを比較するか、インスタンスを追加してください。",
                definition_of(definition)
            );
        }
        PlaceStep::RaiseQuota => {
            "Service Quotas でクォータの引き上げをリクエストするか、タスク数を減らしてください。それまで新しいタスクは起動しません。"
        }
        PlaceStep::LetReplace => {
            "タスク 1 つであれば対応は不要です。ECS が置き換えます。多数のタスクが同時に停止する場合は、配置の分散を見直してください。"
        }
        PlaceStep::StartAgain => {
            "処理が完了していなければ、タスクを再実行してください。サービスに属さないタスクは自動では置き換えられません。"
        }
        PlaceStep::PlanRetirement { from } => {
            let from = from
                .map_or_else(String::new, |time| time.strftime(" %-m月%-d日 %H:%M UTC 以降に").to_string());
            return format!(
                "Fargate は{from}これらのタスクを置き換えます。その時期では都合が悪い場合は、事前に新しいデプロイを強制してください。\
                 スタンドアロンタスクは手動で再実行してください。"
            );
        }
    };
    fixed.to_owned()
}

fn service(step: ServiceStep, name: &Name) -> String {
    let service = called("サービス", name);
    match step {
        ServiceStep::LookAtTasks => format!(
            "{service}の停止したタスクを確認してください。このイベントはタスクが失敗していることだけを示し、理由は示していません。"
        ),
        ServiceStep::TrustTasks => format!(
            "{service}のタスク定義のロールを `ecs-tasks.amazonaws.com` が引き受けられるようにし、デプロイする側にロールを渡す権限 \
             (`iam:PassRole`) を付与してください。"
        ),
        ServiceStep::CompareDemand => format!(
            "{service}のタスク定義の要件とコンテナインスタンスの空きを比較するか、インスタンスを追加してください。"
        ),
        ServiceStep::SpreadOut => format!(
            "{service}のアベイラビリティーゾーンを増やすか、2 つ目のキャパシティープロバイダー (FARGATE_SPOT に加えて FARGATE など) を\
             追加するか、時間をおいてください。"
        ),
        ServiceStep::RaiseQuota => {
            "Service Quotas でクォータの引き上げをリクエストするか、タスク数を減らしてください。".to_owned()
        }
        ServiceStep::Correct => {
            format!("{service}の設定を修正してください。誤りの内容は理由に示されています。")
        }
        ServiceStep::CheckTarget => format!(
            "{service}のタスクが、ターゲットグループのパスとポートで時間内に応答することを確認してください。"
        ),
        ServiceStep::ReadReason => format!("引用された理由と、{service}の停止したタスクを確認してください。"),
    }
}

fn look_at(look: &Look) -> String {
    match look {
        Look::FailedDeployment { deployment } => {
            format!(
                "`startedBy` が `{deployment}` の停止したタスクを確認してください。原因はそこに示されています。"
            )
        }
        Look::StuckDeployment { deployment } => format!(
            "`{deployment}` のサービスイベントとタスクを確認してください。単に時間がかかっているのでなければ、ロールバックしてください。"
        ),
        Look::Hook { hook } => format!(
            "デプロイを続行するかどうかを判断してください。Steward が承認を求めていない場合は、コンソールの「デプロイ」から、または \
             `aws ecs continue-service-deployment` に `--hook-id {hook}` を指定して応答してください。"
        ),
        Look::Agent { host } => {
            format!("コンテナインスタンス `{host}` のエージェントのログを確認してください。")
        }
        Look::Host { host } => format!(
            "コンテナインスタンス `{host}` (Docker、エージェント、ディスク) を確認してください。改善しない場合は、ドレインして\
             置き換えてください。"
        ),
        Look::Shortfall { service } => format!(
            "`{service}` のサービスイベントと保留中のタスクを確認してください。実行されない理由を ECS は示していません。"
        ),
        Look::AgentOfTask { task } => format!(
            "タスク `{task}` のホストのエージェントを確認してください。タスクを停止すると、サービスが別のタスクを起動します。"
        ),
        Look::HungTask { task } => format!(
            "タスク `{task}` をハングしているうちに調べ、その後停止してください。サービスが別のタスクを起動します。"
        ),
    }
}

fn start(step: &StartStep) -> String {
    let next = match step {
        StartStep::PermitCaller { action } => {
            format!("RunTask の呼び出し元に `{action}` を許可してください。")
        }
        StartStep::ElsewhereOrLater => {
            "Fargate に空きがありません。別のサブネットで、または時間をおいて再実行してください。".to_owned()
        }
        StartStep::WhenThereIs { resource } => format!(
            "コンテナインスタンスの{}に空きができてから再実行するか、インスタンスを追加してください。",
            resource_of(resource.as_str())
        ),
        StartStep::WhenOneFits => {
            "要件に合い、エージェントが接続されているコンテナインスタンスがある状態で再実行してください。"
                .to_owned()
        }
        StartStep::RaiseQuota => "Service Quotas でクォータの引き上げをリクエストしてください。".to_owned(),
        StartStep::Correct => "メッセージが示す箇所を修正し、再実行してください。".to_owned(),
    };
    format!("{next}タスクは起動していません。")
}

/// What `RESOURCE:` of a failure names; in other words than these it stays as it is.
fn resource_of(word: &str) -> String {
    match word {
        "cpu" => " CPU ".to_owned(),
        "memory" => "メモリ".to_owned(),
        "ports" => "ポート".to_owned(),
        other => format!(" {other} "),
    }
}
