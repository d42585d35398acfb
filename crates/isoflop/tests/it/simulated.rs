//! The simulated table is the generator's, and is what its description says.

use isoflop::dataset;

use crate::generator::{NOISE, law, normal, simulated_ladder};

#[test]
fn the_committed_table_is_what_the_generator_gives() {
    let committed = dataset("simulated-ladder")
        .expect("the table comes with the program")
        .csv;
    assert_eq!(committed, simulated_ladder());
}

#[test]
fn the_ladder_covers_what_it_says() {
    let text = simulated_ladder();
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|l| {
            l.split(',')
                .skip(1)
                .map(|cell| cell.parse().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(rows.len(), 72);
    let mut sizes: Vec<u64> = rows.iter().map(|r| r[0] as u64).collect();
    sizes.dedup();
    assert_eq!(
        (sizes.len(), sizes[0], sizes[8]),
        (9, 1_000_000, 2_000_000_000)
    );
    assert!(rows.iter().all(|r| (4.9..=321.0).contains(&(r[1] / r[0]))));
    assert!(
        rows.iter()
            .all(|r| (r[2] / (6.0 * r[0] * r[1]) - 1.0).abs() < 1e-4)
    );
}

#[test]
fn the_noise_has_the_stated_size_and_two_runs_are_off() {
    let draws: Vec<f64> = (0..4000).map(normal).collect();
    let mean = draws.iter().sum::<f64>() / 4000.0;
    let variance = draws.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 4000.0;
    assert!(
        mean.abs() < 0.05 && (variance - 1.0).abs() < 0.07,
        "mean {mean}, variance {variance}"
    );
    let far = simulated_ladder()
        .lines()
        .skip(1)
        .filter(|l| {
            let cells: Vec<f64> = l
                .split(',')
                .skip(1)
                .map(|cell| cell.parse().unwrap())
                .collect();
            (cells[3] / law(cells[0], cells[1]) - 1.0).abs() > 5.0 * NOISE
        })
        .count();
    assert_eq!(far, 2);
}
