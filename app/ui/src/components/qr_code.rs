use std::fmt::Write as _;

use leptos::prelude::*;
use qrcodegen::{QrCode as Code, QrCodeEcc};

/// The margin that scanners need, in modules.
const MARGIN: i32 = 4;

/// A text as a picture that phones read. Dark on light in both color schemes: not all
/// scanners read the opposite.
#[component]
pub fn QrCode(text: String, label: &'static str) -> impl IntoView {
    let code = Code::encode_text(&text, QrCodeEcc::Medium)
        .expect("what is shown so has less than 2,000 characters");
    let size = code.size() + 2 * MARGIN;
    view! {
        <svg
            class="qr-code"
            viewBox=format!("{0} {0} {size} {size}", -MARGIN)
            role="img"
            aria-label=label
        >
            <path d=path(&code)></path>
        </svg>
    }
}

/// Every run of dark modules in a row is a rectangle.
fn path(code: &Code) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let start = x;
            while code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                let run = x - start;
                write!(path, "M{start} {y}h{run}v1h-{run}z").expect("strings take all of it");
            }
            x += 1;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_covers_the_dark_modules_and_no_other() {
        let code = Code::encode_text("otpauth://totp/x", QrCodeEcc::Medium).expect("it fits");
        let dark = (0..code.size())
            .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
            .filter(|(x, y)| code.get_module(*x, *y))
            .count();
        let path = path(&code);
        let runs = path.split('h').skip(1).step_by(2);
        let drawn: usize = runs
            .filter_map(|run| run.split('v').next()?.parse::<usize>().ok())
            .sum();
        assert_eq!(drawn, dark);
        // The finder pattern in the corner begins with seven dark modules.
        assert!(path.starts_with("M0 0h7v1h-7z"), "{path}");
    }
}
