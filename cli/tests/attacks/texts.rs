//! Policies, plans and options that are long, deep or wrong.

use crate::row::{Row, put, row};

/// A file `t` with a text that `script` is to refuse soon.
fn refused(name: &str, script: &str, text: String) -> Row {
    row(name, script).with(move |folder| put(folder, "t", text.as_bytes())).ends(2).leaves(&[]).peak(400)
}

const POLICY: &str = "apply in --out out --policy ./t";
const PLAN: &str = "apply in --out out --plan t";
const IMPORT: &str = "aa policy import --from torchvision t";

fn plan(ops: &str) -> String {
    format!(r#"{{"version": 1, "images": [{{"ops": [{ops}]}}, {{"ops": []}}]}}"#)
}

pub fn rows() -> Vec<Row> {
    let name = "x".repeat(900_000);
    vec![
        refused("an empty policy", POLICY, String::new()),
        refused("a policy of spaces", POLICY, " \n".repeat(100_000)),
        refused("a policy of a byte order mark", POLICY, "\u{feff}".to_string()),
        refused("a policy of 5 MB", POLICY, "Invert 1 0\n".repeat(500_000)).says("more than"),
        refused("an operation of 900 kB", POLICY, format!("{name} 1 0")),
        refused("a number of 900 kB", POLICY, format!("Rotate {} 0", "1".repeat(900_000))),
        refused("a convention of 900 kB", POLICY, format!("convention {name}\nInvert 1 0")),
        refused("a scheme of 900 kB", POLICY, format!("randaugment({name})")),
        refused(
            "a name of 100 kB on the command line",
            "apply in --out out --policy $(head -c 100000 t)",
            name.clone(),
        ),
        refused(
            "an operation of 100 kB on the command line",
            "apply in --out out --op $(head -c 100000 t)",
            name.clone(),
        ),
        refused("an input of 100 kB on the command line", "invert $(head -c 100000 t) --out out", name.clone()),
        refused("an option of 100 kB", "apply in --out out --seed $(head -c 100000 t)", name.clone()),
        refused("an unknown option of 100 kB", "apply in --out out --$(head -c 100000 t)", name.clone()),
        refused("a command of 100 kB", "aa $(head -c 100000 t)", name.clone()),
        refused("a convention of 100 kB on the command line", "aa ops --convention $(head -c 100000 t)", name.clone()),
        refused(
            "a device of 100 kB",
            "aa apply in --out out --device $(head -c 100000 t); [ $? = 3 ] && exit 2",
            name.clone(),
        )
        .memory(8000),
        refused("a deep policy", POLICY, "[".repeat(500_000)),
        refused("deep text of a policy", POLICY, "(".repeat(500_000)),
        refused("a deep scheme", POLICY, "randaugment(".repeat(50_000)),
        refused("a deep plan", PLAN, "[".repeat(500_000)),
        refused("deep objects", PLAN, r#"{"a":"#.repeat(200_000)),
        refused(
            "deep branches",
            PLAN,
            plan(&r#"{"op":"AugMix","rule":"blends","branches":[{"weight":1,"ops":["#.repeat(5000)),
        ),
        refused("a plan of 5 MB of spaces", PLAN, " ".repeat(5_000_000)),
        refused("a plan that is no JSON", PLAN, "Invert".to_string()),
        refused("a plan of a list", PLAN, "[]".to_string()),
        refused("a plan of a number", PLAN, "1e99999".to_string()),
        refused("a plan without a version", PLAN, r#"{"images": []}"#.to_string()).says("version"),
        refused("a plan of a later version", PLAN, r#"{"version": 18446744073709551615, "images": []}"#.to_string()),
        refused("a plan of no images", PLAN, r#"{"version": 1, "images": []}"#.to_string()).says("0 entries"),
        refused("an operation of 900 kB in a plan", PLAN, plan(&format!(r#"{{"op": "{name}"}}"#))),
        refused("a field of 900 kB in a plan", PLAN, plan(&format!(r#"{{"op": "Invert", "{name}": 1}}"#))),
        refused(
            "a file of 900 kB in a plan",
            PLAN,
            format!(r#"{{"version":1,"images":[{{"file":"{name}","ops":[]}}]}}"#),
        ),
        refused("a number beyond all", PLAN, plan(r#"{"op": "Rotate", "degrees": 1e308}"#)),
        refused("a number that is none", PLAN, plan(r#"{"op": "Rotate", "degrees": NaN}"#)),
        refused("a negative width", PLAN, plan(r#"{"op": "Crop", "x": 0, "y": 0, "width": -1, "height": 1}"#)),
        refused(
            "a partner beyond all",
            PLAN,
            plan(r#"{"op": "SamplePairing", "weight": 0.5, "partner": 18446744073709551615}"#),
        ),
        refused("a string for a number", PLAN, plan(r#"{"op": "Posterize", "bits": "4"}"#)),
        refused("half a plan", PLAN, r#"{"version": 1, "images": [{"ops": ["#.to_string()),
        row("a plan that is no UTF-8", PLAN)
            .file("t", b"{\"version\xFF\": 1}".to_vec())
            .ends(2)
            .says("plan t: ")
            .leaves(&[]),
        row("a policy that is no UTF-8", POLICY).file("t", b"Invert\xFF 1 0".to_vec()).ends(2).says("./t").leaves(&[]),
        row("a policy of zeros", POLICY).file("t", vec![0; 5000]).ends(2).leaves(&[]),
        row("a policy with a byte order mark", POLICY).file("t", "\u{feff}Invert 1 0\r\n").leaves(&["a.png", "c.png"]),
        row("a plan with a byte order mark", PLAN)
            .file("t", format!("\u{feff}{}", plan(r#"{"op": "Invert"}"#)))
            .leaves(&["a.png", "c.png"]),
        refused("a deep import", IMPORT, "[".repeat(500_000)),
        refused("deep tuples", IMPORT, "(".repeat(500_000)),
        refused("deep calls", IMPORT, "f(".repeat(200_000)),
        refused("deep dictionaries", IMPORT, "{'a':".repeat(100_000)),
        refused("an import of minus signs", IMPORT, format!("[('Rotate', {}1, 1)]", "-".repeat(500_000))),
        refused("an import that never ends", IMPORT, format!("['{}", "x".repeat(900_000))),
        refused("an import of comments", IMPORT, "# x\n".repeat(200_000)),
        refused("an import of nothing", IMPORT, String::new()),
        refused("an import of 900 kB of one name", IMPORT, format!("[('{name}', 0.5, 1)]")),
        refused("operations of 900 kB", "aa policy check t", format!("Rotate 0.5 {}", "9".repeat(900_000))),
        row("text for --fill", "apply in --out out --fill 1,2,3,4").ends(2).leaves(&[]),
        row("a number without end for --fill", "apply in --out out --fill $(head -c 1000 /dev/zero | tr '\\0' 9)")
            .ends(2),
        row("a mean that is none", "invert x.npy --out out --dtype f32 --mean nan")
            .file("x.npy", crate::files::array("1,4,4,3", 48))
            .ends(2)
            .says("finite"),
        row("a deviation of 0", "invert x.npy --out out --dtype f32 --std 0")
            .file("x.npy", crate::files::array("1,4,4,3", 48))
            .ends(2)
            .leaves(&[]),
        row("seconds that are none", "bench --seconds nan").ends(2),
        row("seconds without end", "bench --seconds inf").ends(2),
        row("a quality of 256", "apply in --out out --format jpeg --quality 256").ends(2),
        row("a color that is none", "apply in --out out --op 'Rotate(degrees=3,fill=[0,0,256])'").ends(2).leaves(&[]),
        row(
            "deep branches on the command line",
            "apply in --out out --op \"$(printf 'AugMix(branches=[%.0s' $(seq 5000))\"",
        )
        .ends(2),
    ]
}
