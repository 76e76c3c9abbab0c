use super::*;

fn check(text: &str, shown: &str) {
    let once = redact(text);
    assert_eq!(once.as_str(), shown, "from {text:?}");
    assert_eq!(redact(once.as_str()), once, "hiding twice must hide no more: {text:?}");
}

#[test]
fn aws_keys_are_hidden() {
    check("key AKIAIOSFODNN7EXAMPLE used", "key [redacted] used");
    check("ASIAIOSFODNN7EXAMP", "[redacted]");
    check("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY end", "key [redacted] end");
    check(
        "commit 0123456789abcdef0123456789abcdef01234567",
        "commit 0123456789abcdef0123456789abcdef01234567",
    );
    check("aws_secret_access_key = abc/def+ghi", "aws_secret_access_key = [redacted]");
    check("AWS_SESSION_TOKEN=IQoJb3JpZ2luX2Vj", "AWS_SESSION_TOKEN=[redacted]");
}

#[test]
fn tokens_of_known_makers_are_hidden() {
    for token in [
        concat!("xox", "b-123456789012-abcdefABCDEF"),
        concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345"),
        concat!("glp", "at-0123456789abcdefghij"),
        concat!("sk_", "live_0123456789abcdef"),
        concat!("sk_", "test_0123456789abcdef"),
        concat!("whs", "ec_0123456789abcdef"),
        concat!("hv", "s.0123456789abcdefghijklmn"),
        concat!("ey", "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
        concat!("ey", "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"),
    ] {
        check(&format!("got {token}, refused"), "got [redacted], refused");
    }
}

#[test]
fn the_path_of_a_webhook_is_hidden_and_its_host_kept() {
    let url = concat!("https://hooks.sl", "ack.com/services/T0/B0/xyz");
    check(&format!("post {url} failed"), "post https://hooks.slack.com/[redacted] failed");
}

#[test]
fn private_keys_are_hidden_whole_or_cut() {
    let begin = concat!("-----BEGIN RSA PRIV", "ATE KEY-----");
    check(&format!("a {begin}\nMIIE\n-----END RSA PRIVATE KEY----- b"), "a [redacted] b");
    check(&format!("a {begin} MIIEow"), "a [redacted]");
    check("-----BEGIN CERTIFICATE----- MIIE", "-----BEGIN CERTIFICATE----- MIIE");
}

#[test]
fn values_of_pairs_are_hidden() {
    check("DB_PASSWORD=hunter2 next", "DB_PASSWORD=[redacted] next");
    check("password: hunter2", "password: [redacted]");
    check(r#"{"password": "hunter2", "user": "a"}"#, r#"{"password": "[redacted]", "user": "a"}"#);
    check(r#"{\"apiKey\":\"abc\"}"#, r#"{\"apiKey\":\"[redacted]\"}"#);
    check("Server=db;User Id=u;Password=p@ss,word;Port=1", "Server=db;User Id=u;Password=[redacted];Port=1");
    check("run --password hunter2 --fast", "run --password [redacted] --fast");
    check("?X-Amz-Signature=0abc&x=1", "?X-Amz-Signature=[redacted]&x=1");
    check("token=abc", "token=[redacted]");
    check("client token: a1b2c3d4e5", "client token: [redacted]");
}

#[test]
fn values_in_quotes_end_at_their_quote() {
    check(r#"password="correct horse battery" next"#, r#"password="[redacted]" next"#);
    check("password='a b c' next", "password='[redacted]' next");
    check(r#"password="abc\"def" next"#, r#"password="[redacted]" next"#);
    check(r#"password="cut in the mid"#, r#"password="[redacted]"#);
    check(r#"{\"password\":\"a b\",\"x\":1}"#, r#"{\"password\":\"[redacted]\",\"x\":1}"#);
    check("password=ab&cdefg next", "password=[redacted] next");
    check("?password=ab&user=u", "?password=[redacted]&user=u");
}

#[test]
fn names_of_many_makes_are_known() {
    for name in [
        "DB_PASS",
        "PGPASS",
        "ENCRYPTION_KEY",
        "SIGNING_KEY",
        "DB_PASSWORD_PROD",
        "spring.datasource.password",
        "Password",
        "sig",
        "AccountKey",
        "GITHUB_TOKEN",
        "client-secret",
    ] {
        check(&format!("with {name}=abc/def set"), &format!("with {name}=[redacted] set"));
    }
    check("run --db-pass hunter2 now", "run --db-pass [redacted] now");
    check("curl -u user:pw https://x", "curl -u user:[redacted] https://x");
    check(
        r#"{"name":"DB_PASSWORD","value":"hunter2xyz"},{"name":"COLOR","value":"blue"}"#,
        r#"{"name":"DB_PASSWORD","value":"[redacted]"},{"name":"COLOR","value":"blue"}"#,
    );
    check(r#"{"auth":"dXNlcjpwYXNzd29yZA=="}"#, r#"{"auth":"[redacted]"}"#);
    check("secret: hunter2", "secret: [redacted]");
}

#[test]
fn authorization_headers_are_hidden() {
    check("Authorization: Basic dXNlcjpwYXNz next", "Authorization: Basic [redacted] next");
    check("got Basic dXNlcjpwYXNz", "got Basic [redacted]");
    check(
        "authorization: status code 401 from the registry",
        "authorization: status code 401 from the registry",
    );
    check("sent Bearer abcdef123456.xyz", "sent Bearer [redacted]");
}

#[test]
fn passwords_in_urls_are_hidden() {
    check("postgres://app:s3cret@db:5432/x", "postgres://app:[redacted]@db:5432/x");
    check("amqp://u:a/b@host/v", "amqp://u:[redacted]@host/v");
    check("postgres://user:p@ss/word@h", "postgres://user:[redacted]@h");
    check(
        "https://registry-1.docker.io:443/v2/a@sha256:0f",
        "https://registry-1.docker.io:443/v2/a@sha256:0f",
    );
}

#[test]
fn what_ecs_writes_is_kept() {
    for kept in [
        "unable to pull secrets or registry auth: execution resource retrieval failed",
        "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret \
         arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/orders/DATABASE_URL-a1b2c3",
        "is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:r:1:secret:x",
        "is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
        "insufficient_scope: authorization failed; no basic auth credentials; bearer token missing",
        "did not contain json key DB_PASSWORD",
        "failed to fetch secret: AccessDeniedException: no",
        "sha256:330a24bcd4e0058d70e70a0bb1ff805065161ffe3aa96296f09b555000000000",
        "Attach `x` to the execution role of `token-service:42` and `credential-api:7`, image password-service:1.2",
        "asm fetching secret from the service for DB_PASSWORD: AccessDeniedException: User: x",
        "parameter/prod/db/password: denied",
        "Scaling activity initiated by (deployment ecs-svc/8709920613704280865)",
    ] {
        check(kept, kept);
    }
}

#[test]
fn what_is_taken_out_at_the_ends_leaves_no_blank() {
    check("\u{16}\n.", ".");
    check("pw: pw:--%error) x", "pw: pw:[redacted] x");
}

#[test]
fn headers_flags_and_markup_of_many_kinds_are_hidden() {
    check("Cookie: session=abcdef; id=hunter22", "Cookie: [redacted]");
    check("X-Api-Key: abcdefghijklmnop next", "X-Api-Key: [redacted] next");
    check("Authorization: abcdefghijkl next", "Authorization: [redacted] next");
    check("curl --user admin:hunter22 x", "curl --user admin:[redacted] x");
    check("curl -uadmin:hunter22 x", "curl -uadmin:[redacted] x");
    check("<password>hunter22</password>", "<password>[redacted]</password>");
    check("DB_PASSWORD%3Dhunter22 x", "DB_PASSWORD%3D[redacted] x");
    check("token: abcdefghijklmnopqrst x", "token: [redacted] x");
    check("https://hooks.zapier.com/hooks/catch/1/a", "https://hooks.zapier.com/[redacted]");
}

#[test]
fn arns_and_addresses_are_kept() {
    for kept in [
        "in arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/ApiServices/73e2d6bc24d8a067",
        "in arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/WebApi/50dc6c495c0c9188",
        "arn:aws:ecs:eu-central-1:123456789012:task/QA/0544db877f1149bf4ad94da979150f03",
        "failed to load credentials: EC2RoleRequestError: no role",
        "fetching credentials: 169.254.170.2 refused",
    ] {
        check(kept, kept);
    }
}

/// Each unit is the worst for one rule when it is repeated. `cargo bench` shows what that costs.
#[test]
fn hostile_texts_are_redacted_once_and_for_all() {
    for unit in [
        "pwd",
        "a://",
        "://:",
        "password",
        "secret_access_key",
        "eyJ.",
        "pwd=arn:",
        "xsk-",
        "xghp_",
        "-----BEGIN ",
        "=",
        ":",
        "password=\"",
        "--",
        " -u ",
        "a&",
        "bearer ",
        "AKIA",
        "password: arn:",
        "\\",
        "name value:",
        "auth=",
        "cookie=",
        "token:x,",
        "pwd>",
        "%3D",
    ] {
        let once = redact(&unit.repeat(3_000 / unit.len()));
        assert_eq!(redact(once.as_str()), once, "{unit}");
        let longest = redact(&unit.repeat(MAX_BYTES / unit.len()));
        assert!(longest.as_str().chars().count() <= MAX_CHARS, "{unit}");
    }
}

#[test]
fn control_characters_go_and_lines_become_one() {
    check("a\u{1b}[31mb\0c\n\td\u{202e}e\r\n", "a[31mbc de");
}

#[test]
fn long_texts_are_cut_behind_the_redaction() {
    let text = format!("{} password=hunter2", "x".repeat(4_090));
    let shown = redact(&text);
    assert!(!shown.as_str().contains("hunter2"));
    assert!(shown.as_str().chars().count() <= MAX_CHARS);
}

#[test]
fn deserialized_text_is_redacted_again() {
    let shown: Redacted = serde_json::from_str(r#""password=hunter2""#).unwrap();
    assert_eq!(shown.as_str(), "password=[redacted]");
}

mod properties {
    use super::super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_redacted_without_panic_and_stays_so(text in "\\PC{0,200}") {
            let once = redact(&text);
            prop_assert_eq!(redact(once.as_str()), once);
        }

        #[test]
        fn a_pair_never_shows_its_value(
            before in "[ -~]{0,40}",
            name in "(DB_)?(PASSWORD|password|passwd|api_key|client_secret)",
            value in "[a-zA-Z0-9]{24}",
        ) {
            let shown = redact(&format!("{before} {name}={value}"));
            prop_assert!(!shown.as_str().contains(&value), "{}", shown);
        }
    }
}

#[test]
fn a_setting_is_a_secret_by_its_name_or_its_value() {
    for (name, value, expected) in [
        ("DB_PASSWORD", "hunter2", Some(Sign::Name)),
        ("API_KEY", "x", Some(Sign::Name)),
        ("JWT_SECRET", "changeme", Some(Sign::Name)),
        ("SESSION_TOKEN", "abc", Some(Sign::Name)),
        ("DATABASE_URL", "postgres://app:hunter2@db:5432/app", Some(Sign::Value)),
        ("HOOK", "https://hooks.slack.com/services/T0/B0/xyzxyzxyz", Some(Sign::Value)),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", Some(Sign::Value)),
        ("DB_PASSWORD", "", None),
        ("DB_PASSWORD_FILE", "/run/secrets/db", None),
        ("SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app", None),
        ("DB_SECRET", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app", None),
        ("TOKEN_TTL", "3600", None),
        ("TOKEN_URL", "https://login.example.com/token", None),
        ("MAX_TOKENS", "4096", None),
        ("PASSWORD_LOGIN", "false", None),
        ("LOG_LEVEL", "info", None),
        ("DATABASE_URL", "postgres://db:5432/app", None),
    ] {
        assert_eq!(sign_of_secret(name, value), expected, "{name}={value}");
    }
}
