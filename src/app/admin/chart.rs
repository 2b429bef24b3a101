//! Charts, drawn by the server: bars in an SVG that needs no style and no script, each with its table. Read aloud it is
//! its label; who wants the numbers opens the table. Texts stand outside: they are as large on a phone as anywhere.

use leptos::prelude::*;

/// One row of values, one for each place on the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub name: &'static str,
    /// Names the colour in the style sheet.
    pub class: &'static str,
    pub values: Vec<i64>,
}

#[derive(Clone, Debug)]
pub struct Chart {
    pub title: &'static str,
    /// What it is read as.
    pub label: String,
    pub axis: &'static str,
    pub places: Vec<String>,
    pub series: Vec<Series>,
    /// How a value is written.
    pub write: fn(i64) -> String,
    pub table: &'static str,
}

const WIDTH: i64 = 600;
const HEIGHT: i64 = 100;

#[component]
pub fn Bars(chart: Chart) -> impl IntoView {
    let most = chart.series.iter().flat_map(|series| &series.values).copied().max().unwrap_or_default().max(1);
    let count = i64::try_from(chart.places.len()).unwrap_or(1).max(1);
    let step = WIDTH / count;
    let rows = i64::try_from(chart.series.len()).unwrap_or(1).max(1);
    let wide = ((step - step / 4) / rows).max(1);
    let bars = chart.series.iter().enumerate().flat_map(|(row, series)| {
        let row = i64::try_from(row).unwrap_or_default();
        series.values.iter().enumerate().filter(|(_, value)| **value > 0).map(move |(place, value)| {
            let place = i64::try_from(place).unwrap_or_default();
            // What there is can be seen, however little.
            let high = (value.saturating_mul(HEIGHT) / most).max(1);
            let (x, y) = (place * step + row * wide, HEIGHT - high);
            view! { <rect class=series.class x=x y=y width=wide height=high/> }
        })
    });
    let bars: Vec<_> = bars.collect();
    let (first, last) = (chart.places.first().cloned(), chart.places.get(1..).and_then(|rest| rest.last()).cloned());
    let highest = (chart.write)(most);
    let legend = chart.series.iter().map(|it| view! { <li class=it.class>{it.name}</li> }).collect::<Vec<_>>();
    view! {
        <figure class="chart">
            <figcaption>{chart.title}</figcaption>
            <ul class="chart__legend">{legend}</ul>
            <p class="chart__text" aria-hidden="true">{highest}</p>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" role="img" aria-label=chart.label.clone()>
                <line class="chart__line" x1="0" x2=WIDTH y1="0" y2="0"/>
                <line class="chart__line" x1="0" x2=WIDTH y1=HEIGHT y2=HEIGHT/>
                {bars}
            </svg>
            <p class="chart__text chart__ends" aria-hidden="true"><span>{first}</span> <span>{last}</span></p>
            <details>
                <summary>{chart.table}</summary>
                <Table chart/>
            </details>
        </figure>
    }
}

/// Newest first, as lists are.
#[component]
fn Table(chart: Chart) -> impl IntoView {
    let heads = chart.series.iter().map(|it| view! { <th scope="col">{it.name}</th> }).collect::<Vec<_>>();
    let row = |place: usize, name: &String| {
        let cell = |series: &Series| {
            let value = series.values.get(place).copied().unwrap_or_default();
            view! { <td class="number">{(chart.write)(value)}</td> }
        };
        let cells = chart.series.iter().map(cell).collect::<Vec<_>>();
        view! { <tr><th scope="row">{name.clone()}</th>{cells}</tr> }
    };
    let rows = chart.places.iter().enumerate().rev().map(|(place, name)| row(place, name)).collect::<Vec<_>>();
    view! {
        <div class="table-scroll">
            <table class="admin-table">
                <caption class="visually-hidden">{chart.title}</caption>
                <thead><tr><th scope="col">{chart.axis}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
