//! Charts, drawn by the server: bars in an SVG that needs no style and no script, each with its table. Read aloud it is
//! its label; who wants the numbers opens the table. Texts stand outside: they are as large on a phone as anywhere.

use leptos::prelude::*;

/// One row of values, one for each place on the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub name: &'static str,
    /// Names the colour in the style sheet.
    pub class: &'static str,
    /// `None` where there is nothing to tell of.
    pub values: Vec<Option<i64>>,
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
/// Up to so many places are named one by one; of more (days), the first and the last.
const NAMED: usize = 15;

#[component]
pub fn Bars(chart: Chart) -> impl IntoView {
    let most =
        chart.series.iter().flat_map(|series| &series.values).copied().flatten().max().unwrap_or_default().max(1);
    let count = i64::try_from(chart.places.len()).unwrap_or(1).max(1);
    let step = WIDTH / count;
    let rows = i64::try_from(chart.series.len()).unwrap_or(1).max(1);
    let wide = ((step - step / 4) / rows).max(1);
    let bars = chart.series.iter().enumerate().flat_map(|(row, series)| {
        let row = i64::try_from(row).unwrap_or_default();
        let drawn =
            series.values.iter().enumerate().filter_map(|(place, value)| Some((place, value.filter(|it| *it > 0)?)));
        drawn.map(move |(place, value)| {
            let place = i64::try_from(place).unwrap_or_default();
            // What there is can be seen, however little.
            let high = (value.saturating_mul(HEIGHT) / most).max(1);
            // In the middle of its place.
            let (x, y) = (place * step + step / 8 + row * wide, HEIGHT - high);
            view! { <rect class=series.class x=x y=y width=wide height=high/> }
        })
    });
    let bars: Vec<_> = bars.collect();
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
            {names(&chart.places)}
            <details>
                <summary>{chart.table}</summary>
                <Table chart/>
            </details>
        </figure>
    }
}

/// What stands below the bars. A name may be longer than its bar is wide, so few have numbers, and the names follow.
fn names(places: &[String]) -> impl IntoView + use<> {
    let line = |class: &'static str, texts: Vec<String>| {
        let texts = texts.into_iter().map(|text| view! { <span>{text}</span>" " }).collect::<Vec<_>>();
        view! { <p class=format!("chart__text {class}") aria-hidden="true">{texts}</p> }
    };
    match places {
        [first, .., last] if places.len() > NAMED => line("chart__ends", vec![first.clone(), last.clone()]).into_any(),
        [_, _, ..] => {
            let numbered = (1..).zip(places);
            view! {
                {line("chart__places", numbered.clone().map(|(number, _)| number.to_string()).collect())}
                {line("chart__names", numbered.map(|(number, name)| format!("{number} {name}")).collect())}
            }
            .into_any()
        }
        few => line("chart__places", few.to_vec()).into_any(),
    }
}

/// Newest first, as lists are.
#[component]
fn Table(chart: Chart) -> impl IntoView {
    let heads = chart.series.iter().map(|it| view! { <th scope="col">{it.name}</th> }).collect::<Vec<_>>();
    let row = |place: usize, name: &String| {
        let cell = |series: &Series| {
            let value = series.values.get(place).copied().flatten();
            view! { <td class="number">{value.map_or_else(|| "—".to_owned(), chart.write)}</td> }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(places: usize) -> String {
        let places: Vec<String> = (0..places).map(|place| format!("place-{place}-")).collect();
        let chart = Chart {
            title: "t",
            label: "l".to_owned(),
            axis: "a",
            series: vec![Series { name: "s", class: "chart--one", values: vec![Some(1); places.len()] }],
            places,
            write: |value| value.to_string(),
            table: "table",
        };
        Owner::new().with(|| view! { <Bars chart/> }.to_html())
    }

    #[test]
    fn each_of_few_bars_has_its_name_and_of_many_the_ends_have() {
        // The second time in the table.
        let named = |html: &str, place: usize| html.matches(&format!("place-{place}-")).count() == 2;
        for few in [1, 2, 5, NAMED] {
            let html = drawn(few);
            assert!((0..few).all(|place| named(&html, place)), "{html}");
        }
        let days = drawn(30);
        assert_eq!((0..30).filter(|place| named(&days, *place)).collect::<Vec<_>>(), [0, 29]);
    }
}
