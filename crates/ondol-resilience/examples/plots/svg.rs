//! A line chart as SVG: small, readable without colour, the same bytes for the same numbers.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 40.0;

/// Line styles, told apart by dash as well as by colour.
const STYLES: [(&str, &str); 4] =
    [("#0b6e99", ""), ("#c4432b", "6 3"), ("#6b6b6b", "2 3"), ("#2d7d46", "10 3 2 3")];

/// A chart of lines over time, with stretches of time named above.
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) lines: Vec<Line>,
    pub(crate) bands: Vec<Band>,
}

/// A line, through points of seconds and values.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A stretch of time with a name.
pub(crate) struct Band {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) name: String,
}

impl Chart {
    pub(crate) fn draw(&self) -> String {
        let mut svg = String::new();
        self.write(&mut svg).expect("writing to a string cannot fail");
        svg
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        let points = || self.lines.iter().flat_map(|line| line.points.iter());
        let right = points().map(|point| point.0).fold(1.0, f64::max);
        let top = nice(points().map(|point| point.1).fold(0.0, f64::max));
        let x = |seconds: f64| LEFT + seconds / right * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
        writeln!(
            svg,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12">
<title>{}</title>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>
<text x="{LEFT}" y="18" font-size="14" fill="#1b1b1b">{}</text>"##,
            self.title, self.title
        )?;
        self.write_bands(svg, |seconds| x(seconds.min(right)))?;
        self.write_grid(svg, right, top, x, y)?;
        self.write_lines(svg, x, y)?;
        writeln!(svg, "</svg>")
    }

    fn write_bands(&self, svg: &mut String, x: impl Fn(f64) -> f64) -> std::fmt::Result {
        for (index, band) in self.bands.iter().enumerate() {
            let fill = if index % 2 == 0 { "#f1ece4" } else { "#e6dfd3" };
            let (left, width) = (x(band.from), x(band.to) - x(band.from));
            let height = HEIGHT - TOP - BOTTOM;
            writeln!(
                svg,
                r#"<rect x="{left:.1}" y="{TOP}" width="{width:.1}" height="{height}" fill="{fill}"/>"#
            )?;
            // Seven pixels are about a letter; a name that does not fit is left out.
            if width_of(&band.name) < width {
                let middle = left + width / 2.0;
                writeln!(
                    svg,
                    r##"<text x="{middle:.1}" y="{}" text-anchor="middle" fill="#5b5347" font-size="11">{}</text>"##,
                    TOP + 13.0,
                    band.name
                )?;
            }
        }
        Ok(())
    }

    fn write_grid(
        &self,
        svg: &mut String,
        right: f64,
        top: f64,
        x: impl Fn(f64) -> f64,
        y: impl Fn(f64) -> f64,
    ) -> std::fmt::Result {
        for quarter in 0..=4 {
            let value = top * f64::from(quarter) / 4.0;
            let at = y(value);
            writeln!(
                svg,
                r##"<line x1="{LEFT}" x2="{}" y1="{at:.1}" y2="{at:.1}" stroke="#d8d3ca"/>"##,
                WIDTH - RIGHT
            )?;
            writeln!(
                svg,
                r##"<text x="{}" y="{:.1}" text-anchor="end" fill="#5b5347">{value}</text>"##,
                LEFT - 6.0,
                at + 4.0
            )?;
        }
        for sixth in 0..=6 {
            let seconds = right * f64::from(sixth) / 6.0;
            writeln!(
                svg,
                r##"<text x="{:.1}" y="{}" text-anchor="middle" fill="#5b5347">{seconds:.0} s</text>"##,
                x(seconds),
                HEIGHT - BOTTOM + 18.0
            )?;
        }
        writeln!(
            svg,
            r##"<text x="{}" y="{}" text-anchor="end" fill="#5b5347">{}</text>"##,
            WIDTH - RIGHT,
            18.0,
            self.unit
        )
    }

    fn write_lines(
        &self,
        svg: &mut String,
        x: impl Fn(f64) -> f64,
        y: impl Fn(f64) -> f64,
    ) -> std::fmt::Result {
        let mut legend = LEFT;
        for (line, (colour, dash)) in self.lines.iter().zip(STYLES) {
            let path: Vec<_> = line
                .points
                .iter()
                .map(|(seconds, value)| format!("{:.1},{:.1}", x(*seconds), y(*value)))
                .collect();
            writeln!(
                svg,
                r#"<polyline fill="none" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dash}" points="{}"/>"#,
                path.join(" ")
            )?;
            writeln!(
                svg,
                r#"<line x1="{legend:.1}" x2="{:.1}" y1="36" y2="36" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"/>"#,
                legend + 24.0
            )?;
            writeln!(
                svg,
                r##"<text x="{:.1}" y="40" fill="#1b1b1b">{}</text>"##,
                legend + 30.0,
                line.name
            )?;
            legend += 48.0 + width_of(line.name);
        }
        Ok(())
    }
}

/// About how wide a text is.
fn width_of(text: &str) -> f64 {
    text.chars().map(|_| 6.5).sum()
}

/// The least of 1, 2, 4, 8 × 10ⁿ that is not below a value: its quarters are short numbers.
fn nice(value: f64) -> f64 {
    let mut power = 0.01;
    loop {
        for step in [1.0, 2.0, 4.0, 8.0] {
            if step * power >= value {
                return f64::round(step * power * 1_000.0) / 1_000.0;
            }
        }
        power *= 10.0;
    }
}
