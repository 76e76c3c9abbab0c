//! A service over time as a drawing: its tasks, its messages, and how long one waits. One SVG, without a script.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use steward::config::Duration;
use steward::words::Language::En;
use steward::words::scaling::{count, span};

/// The drawing's width, and where lines begin and end in it.
const WIDTH: f64 = 720.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 708.0;
/// A band's height, with its title above it, and what lies between two.
const BAND: f64 = 96.0;
const TITLE: f64 = 22.0;
const GAP: f64 = 12.0;
/// Below the last band the times stand.
const FOOT: f64 = 22.0;
/// More points than this fall on one another: some are drawn as one.
const MOST_POINTS: usize = 600;
/// Marks of time are this far apart, in seconds: the first distance that needs no more than [`MOST_MARKS`].
const DISTANCES: [i64; 17] =
    [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
const MOST_MARKS: i64 = 8;

/// A service at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    /// When.
    pub(crate) at: Timestamp,
    /// Messages that wait.
    pub(crate) backlog: u64,
    /// Tasks that there should be.
    pub(crate) wanted: u32,
    /// `desiredCount`.
    pub(crate) desired: u32,
    /// Tasks that run.
    pub(crate) running: u32,
    /// For how long a message that arrives then waits.
    pub(crate) wait: SignedDuration,
}

/// A service over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    /// In order.
    pub(crate) points: Vec<Point>,
    /// A message waits for at most so long: what was promised.
    pub(crate) promise: SignedDuration,
}

impl Chart {
    /// The drawing. It takes its text's colour from where it stands, so it can be read in light and dark.
    pub(crate) fn svg(&self) -> String {
        let points = thinned(&self.points);
        let axis = Axis::of(&points);
        let height = 3.0 * (TITLE + BAND) + 2.0 * GAP + FOOT;
        let mut svg = format!(
            "<svg class=\"scaling\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" \
             font-family=\"system-ui,sans-serif\" font-size=\"12\" fill=\"currentColor\"><title>{}</title>",
            self.title()
        );
        let mut top = 0.0;
        for band in [tasks(&points), messages(&points), self.waits(&points)] {
            band.draw(&mut svg, axis, top + TITLE);
            top += TITLE + BAND + GAP;
        }
        axis.draw(&mut svg, top - GAP);
        svg.push_str("</svg>");
        svg
    }

    /// The same in words, for those who cannot see it.
    fn title(&self) -> String {
        let most = |of: fn(&Point) -> u64| count(self.points.iter().map(of).max().unwrap_or_default());
        let longest = self.points.iter().map(|point| point.wait).max().unwrap_or_default();
        format!(
            "At most {} messages wait, {} tasks run, and a message waits for {}; promised are {}",
            most(|point| point.backlog),
            most(|point| u64::from(point.running)),
            span(longest, En),
            span(self.promise, En)
        )
    }

    fn waits(&self, points: &[Point]) -> Band {
        let values = points.iter().map(|point| (point.at, point.wait.as_secs_f64().max(0.0))).collect();
        let lines = vec![Line { name: "a message waits", look: Look::Slopes("#0891b2"), values }];
        let promise = Some(self.promise.as_secs_f64());
        Band::of("Wait", lines, promise, |most| {
            span(SignedDuration::try_from_secs_f64(most).unwrap_or(SignedDuration::MAX), En)
        })
    }
}

fn tasks(points: &[Point]) -> Band {
    let of = |tasks: fn(&Point) -> u32| -> Vec<(Timestamp, f64)> {
        points.iter().map(|point| (point.at, f64::from(tasks(point)))).collect()
    };
    let lines = vec![
        Line { name: "running", look: Look::Area("#16a34a"), values: of(|point| point.running) },
        Line { name: "desired", look: Look::Steps("#3b82f6"), values: of(|point| point.desired) },
        Line { name: "wanted", look: Look::Dashes("#d97706"), values: of(|point| point.wanted) },
    ];
    Band::of("Tasks", lines, None, |most| count(rounded(most)))
}

fn messages(points: &[Point]) -> Band {
    let values = points.iter().map(|point| (point.at, as_f64(point.backlog))).collect();
    let lines = vec![Line { name: "wait", look: Look::Slopes("#8b5cf6"), values }];
    Band::of("Messages", lines, None, |most| count(rounded(most)))
}

/// How a line looks, in which colour.
#[derive(Clone, Copy)]
enum Look {
    /// Steps, and what is below them filled.
    Area(&'static str),
    Steps(&'static str),
    Dashes(&'static str),
    /// From point to point, and what is below filled.
    Slopes(&'static str),
}

struct Line {
    name: &'static str,
    look: Look,
    values: Vec<(Timestamp, f64)>,
}

struct Band {
    name: &'static str,
    lines: Vec<Line>,
    /// The value at the top.
    most: f64,
    /// The same, as people read it.
    label: String,
    /// Where a line is drawn from end to end.
    promise: Option<f64>,
}

impl Band {
    fn of(name: &'static str, lines: Vec<Line>, promise: Option<f64>, label: impl Fn(f64) -> String) -> Self {
        let values = lines.iter().flat_map(|line| line.values.iter().map(|(_, value)| *value));
        // The promise is to be seen where nothing waits, too.
        let most = values.chain(promise.map(|promise| promise * 1.25)).fold(1.0, f64::max);
        Self { name, lines, most, label: label(most), promise }
    }

    fn draw(&self, svg: &mut String, axis: Axis, top: f64) {
        let bottom = top + BAND;
        let y = |value: f64| bottom - BAND * (value / self.most).clamp(0.0, 1.0);
        self.draw_names(svg, top - 7.0);
        let _ = write!(
            svg,
            "<path d=\"M{LEFT} {top}V{bottom}H{RIGHT}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".35\"/>\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"end\">{}</text><text x=\"{x}\" y=\"{bottom}\" text-anchor=\"end\">0</text>",
            top + 9.0,
            self.label,
            x = LEFT - 6.0,
        );
        for line in &self.lines {
            line.draw(svg, axis, bottom, y);
        }
        if let Some(promise) = self.promise {
            let y = y(promise);
            let _ = write!(
                svg,
                "<path class=\"promise\" d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"#dc2626\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"/>\
                 <text x=\"{RIGHT}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#dc2626\">promised</text>",
                y - 4.0
            );
        }
    }

    /// The band's name, and those of its lines in their colours.
    fn draw_names(&self, svg: &mut String, y: f64) {
        let _ = write!(svg, "<text x=\"{LEFT}\" y=\"{y}\"><tspan font-weight=\"600\">{}</tspan>", self.name);
        for line in &self.lines {
            let _ = write!(svg, "<tspan dx=\"14\" fill=\"{}\">{}</tspan>", line.look.colour(), line.name);
        }
        svg.push_str("</text>");
    }
}

impl Look {
    fn colour(self) -> &'static str {
        let (Self::Area(colour) | Self::Steps(colour) | Self::Dashes(colour) | Self::Slopes(colour)) = self;
        colour
    }
}

impl Line {
    fn draw(&self, svg: &mut String, axis: Axis, bottom: f64, y: impl Fn(f64) -> f64) {
        let Some((first, _)) = self.values.first() else { return };
        let mut path = String::new();
        let mut before: Option<String> = None;
        for (at, value) in &self.values {
            let (x, y) = (axis.x(*at), format!("{:.1}", y(*value)));
            let is_same = before.as_ref() == Some(&y);
            let _ = match (&before, self.look) {
                (None, _) => write!(path, "M{x:.1} {y}"),
                (Some(_), Look::Slopes(_)) => write!(path, "L{x:.1} {y}"),
                // A step that changes nothing is none.
                (Some(_), _) if is_same => Ok(()),
                (Some(_), _) => write!(path, "H{x:.1}V{y}"),
            };
            before = Some(y);
        }
        let last = self.values.last().map_or(LEFT, |(at, _)| axis.x(*at));
        let _ = write!(path, "H{last:.1}");
        let (colour, first) = (self.look.colour(), axis.x(*first));
        if let Look::Area(_) | Look::Slopes(_) = self.look {
            let _ = write!(
                svg,
                "<path d=\"{path}V{bottom}H{first:.1}Z\" fill=\"{colour}\" fill-opacity=\".18\" stroke=\"none\"/>"
            );
        }
        let dashes = if let Look::Dashes(_) = self.look { " stroke-dasharray=\"3 3\"" } else { "" };
        let _ = write!(
            svg,
            "<path class=\"{}\" d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"{dashes}/>",
            self.name
        );
    }
}

/// The time that the width stands for.
#[derive(Clone, Copy)]
struct Axis {
    from: Timestamp,
    seconds: f64,
}

impl Axis {
    fn of(points: &[Point]) -> Self {
        let from = points.first().map_or(Timestamp::UNIX_EPOCH, |point| point.at);
        let until = points.last().map_or(from, |point| point.at);
        Self { from, seconds: until.duration_since(from).as_secs_f64().max(1.0) }
    }

    fn x(self, at: Timestamp) -> f64 {
        self.place(at.duration_since(self.from).as_secs_f64())
    }

    fn place(self, seconds: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (seconds / self.seconds).clamp(0.0, 1.0)
    }

    fn draw(self, svg: &mut String, bottom: f64) {
        let whole = SignedDuration::try_from_secs_f64(self.seconds).unwrap_or(SignedDuration::MAX).as_secs();
        let distance = DISTANCES.into_iter().find(|distance| whole / distance < MOST_MARKS);
        let distance = distance.unwrap_or(86_400 * (whole / 86_400 / MOST_MARKS + 1));
        for number in 0..=whole / distance {
            let after = SignedDuration::from_secs(number * distance);
            let x = self.place(after.as_secs_f64());
            let label = if number == 0 { "0".to_owned() } else { Duration::new(after).to_string() };
            let anchor = if x > RIGHT - 20.0 { "end" } else { "middle" };
            let _ = write!(
                svg,
                "<path d=\"M{x:.1} {bottom}v4\" stroke=\"currentColor\" stroke-opacity=\".35\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{label}</text>",
                bottom + 16.0
            );
        }
    }
}

/// Points that would fall on one another as one: with the most that waited, and the tasks as they were last.
fn thinned(points: &[Point]) -> Vec<Point> {
    let each = points.len().div_ceil(MOST_POINTS).max(1);
    let one = |some: &[Point]| {
        let last = some.last()?;
        let backlog = some.iter().map(|point| point.backlog).max()?;
        let wait = some.iter().map(|point| point.wait).max()?;
        Some(Point { backlog, wait, ..*last })
    };
    points.chunks(each).filter_map(one).collect()
}

#[allow(clippy::cast_precision_loss, reason = "a drawing need not be exact beyond 2^53")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn rounded(most: f64) -> u64 {
    most.ceil() as u64
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// 6,000 messages come at once to a service with no task.
    pub(crate) fn burst() -> Chart {
        let begins: Timestamp = "2026-11-27T03:00:00Z".parse().unwrap();
        let mut backlog = 0;
        let point = |second: i64| {
            let tasks = |from: i64, count: u32| if (from..520).contains(&second) { count } else { 0 };
            let running = tasks(95, 40).saturating_sub(if second < 105 { 20 } else { 0 });
            backlog = if second == 60 { 6_000 } else { u64::saturating_sub(backlog, u64::from(running) * 3) };
            let waits = backlog.checked_div(u64::from(running) * 3 / 5).unwrap_or(backlog / 100);
            Point {
                at: begins + SignedDuration::from_secs(second),
                backlog,
                wanted: if backlog > 0 { 42 } else { tasks(0, 0) },
                desired: tasks(70, 40),
                running,
                wait: SignedDuration::from_secs(waits.try_into().unwrap()),
            }
        };
        Chart { points: (0..600).step_by(5).map(point).collect(), promise: SignedDuration::from_secs(60) }
    }

    #[test]
    fn a_burst_is_drawn_with_its_tasks_its_messages_and_its_wait() {
        insta::assert_snapshot!(burst().svg().replace("><", ">\n<"));
    }

    #[test]
    fn any_number_of_points_is_drawn_within_the_frame_and_without_a_script() {
        let all = burst().points;
        let step = SignedDuration::from_secs(10);
        let day: Vec<Point> = (0..8_640)
            .map(|place| Point {
                at: all[0].at + step * place,
                ..all[40 + usize::try_from(place).unwrap() % 20]
            })
            .collect();
        let most = Point { backlog: u64::MAX, wanted: u32::MAX, wait: SignedDuration::MAX, ..all[0] };
        for points in [Vec::new(), all[..1].to_vec(), vec![most; 2], day] {
            let svg = Chart { points, promise: SignedDuration::from_secs(60) }.svg();
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && !svg.contains("script"), "{svg}");
            assert!(
                !svg.contains("NaN") && !svg.contains("inf") && svg.len() < 100_000,
                "{} bytes",
                svg.len()
            );
            assert!(!svg.contains("=\"-") && !svg.contains(" -") && !svg.contains("M-"), "{svg}");
        }
    }

    #[test]
    fn the_promise_is_above_what_keeps_it_and_below_what_breaks_it() {
        let y_of = |wait: i64| {
            let mut chart = burst();
            chart.points.iter_mut().for_each(|point| point.wait = SignedDuration::from_secs(wait));
            let svg = chart.svg();
            let y = |class: &str| -> f64 {
                let path = svg.split(&format!("class=\"{class}\" d=\"M56.0 ")).nth(1);
                let path = path.or(svg.split(&format!("class=\"{class}\" d=\"M56 ")).nth(1)).unwrap();
                path.split(['L', 'H']).next().unwrap().parse().unwrap()
            };
            (y("promise"), y("a message waits"))
        };
        let (promise, kept) = y_of(30);
        assert!(promise < kept, "{promise} {kept}");
        let (promise, broken) = y_of(90);
        assert!(promise > broken, "{promise} {broken}");
    }
}
