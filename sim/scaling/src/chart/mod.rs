//! Charts as SVG: they take their colours from the page around them, or from a style of their own.

mod cloud;
mod scale;
mod timeline;

pub use cloud::cloud;
pub use timeline::{Line, timeline};

use std::fmt::{self, Display, Write as _};

use crate::policy::Policy;

/// What colours and strokes a chart.
pub(crate) const STYLE: &str = include_str!("../../templates/chart.css");

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    width: f64,
    height: f64,
    label: String,
    body: String,
}

impl Chart {
    fn new(width: f64, height: f64, label: impl Into<String>) -> Self {
        Self { width, height, label: label.into(), body: String::new() }
    }

    /// Within a page that has the style of charts.
    pub fn inline(&self) -> String {
        let Self { width, height, label, body } = self;
        format!(
            "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n{body}</svg>",
            escaped(label)
        )
    }

    /// As a file of its own.
    pub fn file(&self) -> String {
        let Self { width, height, label, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">\n<style>\n{STYLE}</style>\n<rect class=\"sheet\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n",
            escaped(label)
        )
    }

    fn draw(&mut self, what: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.body.write_fmt(what);
        self.body.push('\n');
    }

    fn text(&mut self, (x, y): (f64, f64), class: &str, text: impl Display) {
        let text = escaped(&text.to_string());
        self.draw(format_args!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"));
    }

    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.draw(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    /// A policy's mark: each has a shape of its own, for those who see no colours.
    fn mark(&mut self, policy: Policy, class: &str, (x, y): (f64, f64), r: f64, title: &str) {
        let title =
            if title.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(title)) };
        let name = policy.as_str();
        match policy {
            Policy::Keda => self.draw(format_args!(
                "<circle class=\"{class} {name}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\">{title}</circle>"
            )),
            Policy::TargetTracking => {
                let (left, top, side) = (x - r * 0.9, y - r * 0.9, r * 1.8);
                self.draw(format_args!(
                    "<rect class=\"{class} {name}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{side:.1}\" height=\"{side:.1}\">{title}</rect>"
                ));
            }
            Policy::Step => {
                let (top, left, right, base) = (y - r * 1.1, x - r * 1.1, x + r * 1.1, y + r * 0.9);
                self.draw(format_args!(
                    "<path class=\"{class} {name}\" d=\"M{x:.1} {top:.1} {right:.1} {base:.1} {left:.1} {base:.1}z\">{title}</path>"
                ));
            }
            Policy::Steward => {
                let r = r * 1.3;
                let (top, right, base, left) = (y - r, x + r, y + r, x - r);
                self.draw(format_args!(
                    "<path class=\"{class} {name}\" d=\"M{x:.1} {top:.1} {right:.1} {y:.1} {x:.1} {base:.1} {left:.1} {y:.1}z\">{title}</path>"
                ));
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
