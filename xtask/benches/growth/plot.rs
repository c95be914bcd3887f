//! The plot of CPU time by number of operations.

use std::path::Path;

use plotters::prelude::*;

/// A line of the plot. The points are operations and CPU seconds.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) is_ours: bool,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Draws the lines with logarithmic axes.
pub(crate) fn draw(file: &Path, lines: &[Line]) {
    let seconds = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|(_, seconds)| *seconds);
    let (least, most) = seconds.fold((1.0_f64, 1.0_f64), |(least, most), seconds| {
        (least.min(seconds), most.max(seconds))
    });
    let area = SVGBackend::new(file, (720, 440)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let mut chart = ChartBuilder::on(&area)
        .caption("Growth with the number of operations", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(
            (1_f64..1500.0).log_scale(),
            (least / 1.5..most * 1.5).log_scale(),
        )
        .unwrap();
    chart
        .configure_mesh()
        .x_desc("operations of the document")
        .y_desc("seconds of CPU")
        .x_label_formatter(&|operations| format!("{operations:.0}"))
        .y_label_formatter(&|seconds| format!("{seconds}"))
        .light_line_style(RGBColor(238, 238, 238))
        .draw()
        .unwrap();
    for line in lines {
        let color = match line.is_ours {
            true => RGBColor(0, 92, 169),
            false => RGBColor(197, 90, 17),
        };
        let style = color.stroke_width(if line.name.contains("check") { 3 } else { 1 });
        let drawn = chart.draw_series(LineSeries::new(line.points.clone(), style));
        let legend = move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style);
        drawn.unwrap().label(line.name).legend(legend);
        let dots = line.points.iter();
        let dots = dots.map(|point| Circle::new(*point, 3, color.filled()));
        chart.draw_series(dots).unwrap();
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(RGBColor(200, 200, 200))
        .draw()
        .unwrap();
    area.present().unwrap();
}
