//! Statistics: Pearson's chi-square test with exact p-values.

/// Below this a draw is called biased. Seeds are fixed, so a test that passes once passes always; the number says how
/// surprising the worst of some thousand tests may be.
pub const LEAST: f64 = 1e-7;

/// Whether `counts` come from `probabilities`: what is wrong if they hardly do.
pub fn check(what: &str, counts: &[u64], probabilities: &[f64]) -> Result<(), String> {
    assert_eq!(counts.len(), probabilities.len(), "{what}");
    let n: u64 = counts.iter().sum();
    let mut statistic = 0.0;
    let mut cells: u32 = 0;
    for (&count, &probability) in counts.iter().zip(probabilities) {
        if probability == 0.0 {
            if count > 0 {
                return Err(format!("{what}: the impossible happened {count} times: {counts:?}"));
            }
            continue;
        }
        let expected = probability * n as f64;
        assert!(expected >= 5.0, "{what}: {n} draws are too few for a cell of probability {probability}");
        statistic += (count as f64 - expected).powi(2) / expected;
        cells += 1;
    }
    let total: f64 = probabilities.iter().sum();
    assert!((total - 1.0).abs() < 1e-9, "{what}: the probabilities add up to {total}");
    let p = p_value(statistic, cells - 1);
    if p >= LEAST { Ok(()) } else { Err(format!("{what}: chi-square {statistic:.1}, p {p:e}: {counts:?} of {n}")) }
}

/// Fails with all errors at once.
pub fn report(results: impl IntoIterator<Item = Result<(), String>>) {
    let results: Vec<_> = results.into_iter().collect();
    let count = results.len();
    assert!(count > 0, "nothing was tested");
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(errors.is_empty(), "{} of {count} tests failed:\n{}", errors.len(), errors.join("\n"));
}

/// The probability of a chi-square of at least `statistic` with `freedom` degrees of freedom.
///
/// One minus the lower incomplete gamma function by its power series; exact to some 1e-15, which is enough for `LEAST`.
fn p_value(statistic: f64, freedom: u32) -> f64 {
    assert!(freedom <= 300);
    if freedom == 0 || statistic == 0.0 {
        return 1.0;
    }
    let (a, x) = (f64::from(freedom) / 2.0, statistic / 2.0);
    if x > 700.0 {
        // Beyond the exponents of f64, and of every threshold.
        return 0.0;
    }
    // ln Γ(a + 1), down to Γ(1/2) or Γ(1).
    let mut ln_gamma = if freedom % 2 == 1 { std::f64::consts::PI.ln() / 2.0 } else { 0.0 };
    let mut factor = a;
    while factor > 0.0 {
        ln_gamma += factor.ln();
        factor -= 1.0;
    }
    let (mut sum, mut term, mut n) = (1.0, 1.0, a);
    while term > 1e-17 * sum {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    (1.0 - (a * x.ln() - x - ln_gamma).exp() * sum).max(0.0)
}

#[test]
fn p_values_are_those_of_the_tables() {
    // Critical values as printed in tables of the distribution.
    for (statistic, freedom, p) in [
        (3.841, 1, 0.05),
        (10.828, 1, 0.001),
        (23.928, 1, 1e-6),
        (5.991, 2, 0.05),
        (27.631, 2, 1e-6),
        (18.307, 10, 0.05),
        (29.588, 10, 0.001),
        (51.179, 24, 0.001),
        (124.342, 100, 0.05),
    ] {
        let got = p_value(statistic, freedom);
        assert!((got / p - 1.0).abs() < 0.005, "{statistic} with {freedom}: {got} and not {p}");
    }
}

#[test]
fn a_bias_is_found() {
    assert!(check("fair", &[5040, 4960], &[0.5; 2]).is_ok());
    assert!(check("unfair", &[5300, 4700], &[0.5; 2]).is_err());
    assert!(check("impossible", &[9999, 1], &[1.0, 0.0]).is_err());
    assert!(check("certain", &[10000, 0], &[1.0, 0.0]).is_ok());
    // Two mirrored errors do not cancel.
    assert!(check("four", &[2700, 2300, 2700, 2300], &[0.25; 4]).is_err());
}
