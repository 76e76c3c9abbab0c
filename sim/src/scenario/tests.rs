//! Each scenario, in each mode that it names.

use super::*;

#[test]
#[ignore = "shows"]
fn show() {
    let only = std::env::var("SCENE").unwrap_or_default();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let scenario = match Scenario::read(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap()) { Ok(s) => s, Err(e) => { println!("{e}"); continue } };
        if !scenario.name.contains(&only) { continue }
        println!("\n######## {} — {}", scenario.name, scenario.title());
        let runs = [Run::EcsAlone { breaker: false }, Run::EcsAlone { breaker: true }];
        for run in scenario.modes().map(|(mode, _)| Run::Steward(mode)).chain(runs) {
            let begun = std::time::Instant::now();
            let played = match play(&scenario, run) { Ok(p) => p, Err(e) => { println!("{e}"); continue } };
            println!("==== {run}: made {:?} held {:?} alerts {} failed {} in {:?}", played.made.iter().map(|m| &m.call).collect::<Vec<_>>(), played.held, played.alerts, played.failed_tasks, begun.elapsed());
            println!("     remedy {:?} recovery {:?} runs {:?}", played.measures.until_remedy().map(measure::span), played.measures.until_recovery().map(measure::span), played.runs.iter().take(3).collect::<Vec<_>>());
            if let Run::Steward(mode) = run {
                if std::env::var("FULL").is_ok() {
                for entry in played.entries.iter().take(200) {
                    let text = match &entry.what {
                        What::World(t) => format!("WORLD {t}"),
                        What::Ecs(t) => format!("  ecs {t}"),
                        What::Steward(t, _) => format!("  STEWARD {t}"),
                        What::Held { word, why } => format!("  HELD {word}: {why}"),
                        What::Remedy(t) => format!("  REMEDY {t}"),
                        What::Alert { message, .. } => format!("  ALERT {} | {}", message.title, message.status),
                    };
                    println!("{} {text}", entry.at.strftime("%d %H:%M:%S"));
                }}
                let (_, expected) = scenario.modes().find(|(m, _)| *m == mode).unwrap();
                for unmet in played.unmet(expected) { println!("  !!! {unmet}"); }
            }
        }
    }
}
