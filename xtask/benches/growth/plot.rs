//! The plot of how it grows.

use std::path::Path;

use plotters::prelude::*;

/// CPU seconds by operations, on two scales of powers of ten.
pub(crate) fn draw(file: &Path, ours: &[(f64, f64)], theirs: &[(f64, f64)]) {
    let seconds = ours.iter().chain(theirs).map(|(_, seconds)| *seconds);
    let most = seconds.fold(1.0, f64::max) * 1.5;
    let area = SVGBackend::new(file, (720, 440)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let mut chart = ChartBuilder::on(&area)
        .caption("cargo check of the generated code", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d((1_f64..1500.0).log_scale(), (1_f64..most).log_scale())
        .unwrap();
    chart
        .configure_mesh()
        .x_desc("operations of the document")
        .y_desc("seconds of CPU")
        .x_label_formatter(&|operations| format!("{operations:.0}"))
        .y_label_formatter(&|seconds| format!("{seconds:.0}"))
        .light_line_style(RGBColor(238, 238, 238))
        .draw()
        .unwrap();
    for (name, points, color) in [
        (
            "nsx-api, with all that is written by hand",
            ours,
            RGBColor(0, 92, 169),
        ),
        ("openapi-to-rust", theirs, RGBColor(197, 90, 17)),
    ] {
        let points = points.to_vec();
        let dots = points.clone().into_iter();
        let line = LineSeries::new(points, color.stroke_width(2));
        let drawn = chart.draw_series(line).unwrap();
        drawn
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color.stroke_width(2)));
        let dots = dots.map(|point| Circle::new(point, 4, color.filled()));
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
