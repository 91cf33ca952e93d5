//! Pinned draws: plans that must come out alike in every version, because somebody's runs depend on them.
//!
//! A failure here is never fixed by changing the expected text.

use autoaugment::{Sampler, Scheme, Shape};

/// A policy with every source of randomness, for the conventions that no preset is written in.
const EVERYTHING: &str = "
    ShearX 0.9 4 + Cutout 0.9 6
    Rotate 0.9 7 + TranslateX 0.9 5
    SamplePairing 0.9 8 + Brightness 0.9 3
    Cutout 0.5 9 + Solarize 0.9 4 + Cutout 0.9 2
    Posterize 0.9 6 + Color 0.9 9 + SamplePairing 0.9 1";

/// Policy or scheme, seed, epoch, indices, and one line an image.
type Pin = (&'static str, u64, u64, &'static [u64], &'static str);

#[rustfmt::skip]
const PINS: &[Pin] = &[
    ("imagenet", 0, 0, &[0, 1, 2, 3],
        "0: Equalize\n\
         1: Solarize(threshold=113.33333417773247)\n\
         2: Equalize + Equalize\n\
         3: unchanged"),
    ("imagenet", 42, 7, &[1281166, 5, 0],
        "1281166: unchanged\n\
         5: Solarize(threshold=113.33333417773247)\n\
         0: Equalize"),
    ("cifar10", 0, 0, &[0, 1, 2, 3],
        "0: TranslateY(pixels=-101, interpolation=nearest, fill=[0,0,0]) + AutoContrast\n\
         1: TranslateY(pixels=101, interpolation=nearest, fill=[0,0,0])\n\
         2: Sharpness(factor=1.0999999940395355) + Sharpness(factor=1.2999999821186066)\n\
         3: TranslateY(pixels=101, interpolation=nearest, fill=[0,0,0]) + TranslateY(pixels=101, interpolation=nearest, fill=[0,0,0])"),
    ("cifar10", u64::MAX, u64::MAX, &[u64::MAX, 0],
        "18446744073709551615: AutoContrast\n\
         0: Color(factor=1)"),
    ("svhn", 1, 0, &[0, 1, 2, 3],
        "0: Rotate(degrees=13.333333015441895, interpolation=nearest, fill=[0,0,0])\n\
         1: Invert\n\
         2: ShearY(factor=0.2666666805744171, interpolation=nearest, fill=[0,0,0])\n\
         3: ShearX(factor=0.13333334028720856, interpolation=nearest, fill=[0,0,0])"),
    ("v0", 1, 0, &[0, 1, 2, 3],
        "0: Rotate(degrees=27, interpolation=nearest, fill=[128,128,128])\n\
         1: unchanged\n\
         2: Equalize + SolarizeAdd(add=33, threshold=128)\n\
         3: Equalize"),
    ("v0", 1 << 32, 3, &[1 << 40, 9],
        "1099511627776: Solarize(threshold=102)\n\
         9: unchanged"),
    ("torchvision everything", 5, 0, &[0, 1, 2, 3, 4, 5],
        "0: Cutout(x=66, y=125, width=40, height=40, fill=[0,0,0]) + Solarize(threshold=141.66667342185974) + Cutout(x=169, y=215, width=9, height=9, fill=[0,0,0])\n\
         1: Cutout(x=76, y=169, width=40, height=40, fill=[0,0,0]) + Cutout(x=218, y=11, width=9, height=9, fill=[0,0,0])\n\
         2: Posterize(bits=5) + SamplePairing(weight=0.044444444444444446, partner=3)\n\
         3: ShearX(factor=-0.13333334028720856, interpolation=nearest, fill=[0,0,0])\n\
         4: Cutout(x=12, y=95, width=27, height=27, fill=[0,0,0])\n\
         5: Solarize(threshold=141.66667342185974) + Cutout(x=260, y=153, width=9, height=9, fill=[0,0,0])"),
    ("deepvoltaire everything", 5, 0, &[0, 1, 2, 3, 4, 5],
        "0: Cutout(x=66, y=125, width=40, height=40, fill=[128,128,128]) + Solarize(threshold=142.22222222222223) + Cutout(x=169, y=215, width=9, height=9, fill=[128,128,128])\n\
         1: Cutout(x=76, y=169, width=40, height=40, fill=[128,128,128]) + Cutout(x=218, y=11, width=9, height=9, fill=[128,128,128])\n\
         2: Posterize(bits=5) + SamplePairing(weight=0.044444444444444446, partner=3)\n\
         3: ShearX(factor=-0.13333333333333333, interpolation=bicubic, fill=[128,128,128])\n\
         4: Cutout(x=12, y=95, width=27, height=27, fill=[128,128,128])\n\
         5: Solarize(threshold=142.22222222222223) + Cutout(x=260, y=153, width=9, height=9, fill=[128,128,128])"),
    ("tensorflow everything", 5, 0, &[0, 1, 2, 3, 4, 5],
        "0: Cutout(x=-4, y=55, width=180, height=180, fill=[128,128,128]) + Solarize(threshold=102) + Cutout(x=153, y=199, width=40, height=40, fill=[128,128,128])\n\
         1: Cutout(x=6, y=99, width=180, height=180, fill=[128,128,128]) + Cutout(x=202, y=-5, width=40, height=40, fill=[128,128,128])\n\
         2: Posterize(bits=2) + SamplePairing(weight=0.04, partner=3)\n\
         3: ShearX(factor=-0.12, interpolation=nearest, fill=[128,128,128])\n\
         4: Cutout(x=-35, y=48, width=120, height=120, fill=[128,128,128])\n\
         5: Solarize(threshold=102) + Cutout(x=244, y=137, width=40, height=40, fill=[128,128,128])"),
    ("deepvoltaire everything", 6, 1, &[10, 20, 30],
        "10: Solarize(threshold=142.22222222222223) + Cutout(x=23, y=97, width=9, height=9, fill=[128,128,128])\n\
         20: Rotate(degrees=-23.333333333333336, interpolation=nearest, fill=[128,128,128]) + TranslateX(pixels=-83.33333333333333, interpolation=nearest, fill=[128,128,128])\n\
         30: Posterize(bits=5) + Color(factor=1.9) + SamplePairing(weight=0.044444444444444446, partner=0)"),
    ("tensorflow everything", 6, 1, &[10, 20, 30],
        "10: Solarize(threshold=102) + Cutout(x=7, y=81, width=40, height=40, fill=[128,128,128])\n\
         20: Rotate(degrees=-21, interpolation=nearest, fill=[128,128,128]) + TranslateX(pixels=-125, interpolation=nearest, fill=[128,128,128])\n\
         30: Posterize(bits=2) + Color(factor=1.7200000000000002) + SamplePairing(weight=0.04, partner=0)"),
    ("timm-increasing everything", 6, 1, &[10, 20, 30],
        "10: Solarize(threshold=154) + Cutout(x=23, y=97, width=8, height=8, fill=[128,128,128])\n\
         20: Rotate(degrees=-21, interpolation=bilinear, fill=[128,128,128]) + TranslateX(pixels=-74.47500000000001, interpolation=bilinear, fill=[128,128,128])\n\
         30: Posterize(bits=2) + Color(factor=1.81) + SamplePairing(weight=0.04, partner=0)"),
    ("randaugment(n=2, m=9)", 1, 0, &[0, 1, 2, 3],
        "0: Contrast(factor=0.7300000190734863) + TranslateX(pixels=45, interpolation=nearest, fill=[0,0,0])\n\
         1: AutoContrast + Rotate(degrees=-9, interpolation=nearest, fill=[0,0,0])\n\
         2: Posterize(bits=7) + Posterize(bits=7)\n\
         3: Color(factor=1.2699999809265137) + Equalize"),
    ("trivialaugment", 1, 0, &[0, 1, 2, 3],
        "0: Contrast(factor=0.07599997520446777)\n\
         1: AutoContrast\n\
         2: Posterize(bits=6)\n\
         3: Color(factor=1.8580000400543213)"),
    ("uniformaugment(n=3)", 1, 0, &[0, 1, 2, 3],
        "0: TranslateY(pixels=24.396603699934754, interpolation=nearest, fill=[0,0,0])\n\
         1: unchanged\n\
         2: Contrast(factor=1.011976501357806)\n\
         3: Equalize"),
    ("rand-m9-n3-mstd0.5", 1, 0, &[0, 1, 2, 3],
        "0: Rotate(degrees=26.40835662260883, interpolation=bilinear, fill=[128,128,128])\n\
         1: unchanged\n\
         2: ShearX(factor=0.2576246738706098, interpolation=bicubic, fill=[128,128,128])\n\
         3: TranslateY(pixels=-97.69486771870922, interpolation=bilinear, fill=[128,128,128])"),
    ("rand-m15-mstd101-mmax20-inc1-tweights-p1", 1 << 32, 3, &[1 << 40, 9],
        "1099511627776: TranslateX(pixels=-35.78238372526444, interpolation=bilinear, fill=[128,128,128]) + ShearY(factor=0.3335243455726619, interpolation=bilinear, fill=[128,128,128])\n\
         9: ShearY(factor=0.12591994204016124, interpolation=bicubic, fill=[128,128,128]) + Brightness(factor=2.238731403862838)"),
    ("original-mstd0.5", 1, 0, &[0, 1, 2, 3],
        "0: Contrast(factor=1.50450139735653)\n\
         1: Equalize\n\
         2: Solarize(threshold=66)\n\
         3: Rotate(degrees=26.075853487711075, interpolation=bilinear, fill=[128,128,128])"),
    ("v0r-mstd0.5", 1, 0, &[0, 1, 2, 3],
        "0: Rotate(degrees=26.40835662260883, interpolation=bilinear, fill=[128,128,128])\n\
         1: unchanged\n\
         2: Equalize + SolarizeAdd(add=41, threshold=128)\n\
         3: Equalize"),
    ("3a-mstd0.5", 1, 0, &[0, 1, 2, 3, 4, 5],
        "0: Desaturate(amount=0.9946702016919928)\n\
         1: Desaturate(amount=1)\n\
         2: Solarize(threshold=117)\n\
         3: Desaturate(amount=1)\n\
         4: GaussianBlur(radius=0.8528057930797293)\n\
         5: Solarize(threshold=123)"),
    ("rand-m9-mstd0.5-t3a-p1", 1, 0, &[0, 1, 2, 3],
        "0: Solarize(threshold=29) + Solarize(threshold=31)\n\
         1: Desaturate(amount=0.9618753100134273) + GaussianBlur(radius=1.711484953998366)\n\
         2: GaussianBlur(radius=1.731622934513862) + GaussianBlur(radius=1.9584236810083953)\n\
         3: GaussianBlur(radius=1.9414707208883681) + Solarize(threshold=38)"),
    ("rand-m9-n3-mstd0.5-t3aw-p1", 1 << 32, 3, &[1 << 40, 9],
        "1099511627776: Color(factor=1.8085248924055644) + ShearX(factor=0.24391887024567183, interpolation=bilinear, fill=[128,128,128]) + Rotate(degrees=25.221763689461717, interpolation=bicubic, fill=[128,128,128])\n\
         9: Rotate(degrees=28.056018302918666, interpolation=bicubic, fill=[128,128,128]) + GaussianBlur(radius=1.6236293863282212) + Color(factor=0.15311017782822722)"),
    ("augmix", 1, 0, &[0, 1],
        r#"0: AugMix(rule={"sum":0.23682133853435516}, branches=[{"weight":0.5334181785583496,"ops":[{"op":"TranslateY","pixels":-0.0,"interpolation":"bilinear","fill":[0,0,0]}]},{"weight":0.17433004081249237,"ops":[{"op":"Sharpness","factor":1.199999988079071},{"op":"Solarize","threshold":198.33333671092987},{"op":"Contrast","factor":1.0999999940395355}]},{"weight":0.055430419743061066,"ops":[{"op":"ShearY","factor":0.06666667014360429,"interpolation":"bilinear","fill":[0,0,0]},{"op":"Solarize","threshold":255.0}]}])
1: AugMix(rule={"sum":0.031166162341833115}, branches=[{"weight":0.4705723524093628,"ops":[{"op":"Posterize","bits":4},{"op":"Sharpness","factor":0.800000011920929},{"op":"Solarize","threshold":198.33333671092987}]},{"weight":0.29071754217147827,"ops":[{"op":"Rotate","degrees":-3.3333332538604736,"interpolation":"bilinear","fill":[0,0,0]}]},{"weight":0.2075439840555191,"ops":[{"op":"Posterize","bits":4},{"op":"TranslateY","pixels":-16.0,"interpolation":"bilinear","fill":[0,0,0]}]}])"#),
    ("augmix(width=2, depth=2, alpha=0.3)", 42, 7, &[1281166],
        r#"1281166: AugMix(rule={"sum":0.15437303483486176}, branches=[{"weight":0.845246434211731,"ops":[{"op":"ShearY","factor":-0.06666667014360429,"interpolation":"bilinear","fill":[0,0,0]},{"op":"Brightness","factor":0.9000000059604645}]},{"weight":0.00038052734453231096,"ops":[{"op":"Posterize","bits":4},{"op":"Equalize"}]}])"#),
    ("augmix-m5-w2-d2", 1, 0, &[0],
        r#"0: AugMix(rule={"sum_then_blend":0.23682133853435516}, branches=[{"weight":0.7536835074424744,"ops":[{"op":"TranslateY","pixels":1.4233204102675652,"interpolation":"bilinear","fill":[128,128,128]},{"op":"TranslateY","pixels":-12.733899383344209,"interpolation":"bilinear","fill":[128,128,128]}]},{"weight":0.24631646275520325,"ops":[{"op":"Brightness","factor":0.7478675747385692},{"op":"Sharpness","factor":1.315100064737676}]}])"#),
    ("augmix-m3-b1", 1 << 32, 3, &[1 << 40],
        r#"1099511627776: AugMix(rule=blends, branches=[{"weight":0.07500360906124115,"ops":[{"op":"Color","factor":1.0432415513296247},{"op":"Equalize"}]},{"weight":0.1952930986881256,"ops":[{"op":"Rotate","degrees":-3.8586220165636815,"interpolation":"bilinear","fill":[128,128,128]}]},{"weight":0.3330281376838684,"ops":[{"op":"Contrast","factor":0.7648442175538472},{"op":"TranslateX","pixels":11.389940191474846,"interpolation":"bicubic","fill":[128,128,128]}]}])"#),
    ("convention timm-random-blur\nGaussianBlur 0.5 5 + GaussianBlur 1 10", 6, 1, &[10, 20],
        "10: GaussianBlur(radius=1.2380559744676716)\n\
         20: GaussianBlur(radius=0.2774900918516776) + GaussianBlur(radius=0.8825353153007087)"),
];

#[test]
fn pinned_draws_never_change() {
    let mut wrong = Vec::new();
    for (policy, seed, epoch, indices, expected) in PINS {
        let text = match policy.strip_suffix(" everything") {
            Some(convention) => format!("convention {convention}{EVERYTHING}"),
            None => policy.to_string(),
        };
        let scheme: Scheme = text.parse().unwrap();
        let shape = Shape { images: indices.len(), height: 224, width: 331, channels: 3 };
        let got = Sampler::new(scheme, *seed).unwrap().plan(shape, *epoch, indices).unwrap().to_string();
        if got != *expected {
            wrong.push(format!("{policy}, seed {seed}, epoch {epoch}:\n{got}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), PINS.len(), wrong.join("\n"));
}
