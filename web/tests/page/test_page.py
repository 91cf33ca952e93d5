"""Page: what a user does, with a mouse, a keyboard and a phone, and what goes wrong."""

from __future__ import annotations

import io

import numpy as np
import pytest
from conftest import BUILT
from PIL import Image

# As many bytes as a phone loads in a few seconds.
MOST_BYTES = 3_000_000


def test_the_page_is_one_small_file():
    assert BUILT.stat().st_size < MOST_BYTES


def test_it_opens_from_a_disk_with_images_of_its_own(shown):
    page = shown()
    assert page.page.locator("#sheet section").count() == 2
    assert page.page.locator("#sheet canvas").count() == 14
    assert "12 images" in page.text("#status")
    page.picture("draws")


@pytest.mark.parametrize("view", ["sub-policies", "sweep", "compare"])
def test_every_view_shows_its_columns(shown, view):
    page = shown(f"view={view}&seed=4")
    columns = {"sub-policies": 6, "sweep": 11, "compare": 3}[view]
    assert page.page.locator("#sheet canvas").count() == 2 * (1 + columns)
    assert page.text("#request-error") == ""
    page.picture(view)


def test_a_dropped_file_takes_the_place_of_the_samples(shown, noise):
    page = shown()
    file = io.BytesIO()
    Image.fromarray(noise[0]).save(file, "PNG")
    transfer = page.page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "mine.png", { type: "image/png" }));
            return transfer;
        }""",
        list(file.getvalue()),
    )
    page.page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    page.settle()
    assert "mine.png, 45 x 37" in page.text("#images")
    (original,) = page.originals()
    assert (original == noise[0]).all()
    page.picture("tiny")
    page.page.click("button[aria-label='Remove mine.png']")
    page.settle()
    assert "No image yet" in page.text("#status")
    page.page.click("#samples")
    page.settle()
    assert page.page.locator("#sheet section").count() == 2


def test_a_slider_changes_the_policy_and_the_sheet(shown):
    page = shown("view=sub-policies&columns=1&policy=Solarize+1+0")
    before = page.cells()[0]["pixels"]
    page.page.focus("input[aria-label='Magnitude of step 1']")
    for _ in range(5):
        page.page.keyboard.press("ArrowRight")
    page.settle()
    assert page.page.input_value("#policy") == "convention torchvision\nSolarize 1 5"
    assert "Solarize" in page.cells()[0]["operations"][0]
    assert (page.cells()[0]["pixels"] != before).any()
    # The slider keeps the focus while it moves, and the link follows.
    assert page.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Magnitude of step 1"
    assert "Solarize+1+5" in page.page.url


def test_steps_and_sub_policies_are_added_and_removed(shown):
    page = shown("view=sub-policies&policy=Invert+1+0&columns=2")
    page.page.click("#add-step")
    page.page.select_option("select[aria-label='Operation of step 2']", "Posterize")
    page.page.click("#add-sub-policy")
    page.page.click("button[aria-label='Remove step 1']")
    page.settle()
    lines = page.page.input_value("#policy").splitlines()
    assert lines == ["convention torchvision", "Invert 1 0 + Posterize 1 0", "Posterize 1 0"]
    assert page.page.input_value("#number") == "2"
    page.page.click("#remove-sub-policy")
    page.settle()
    assert page.page.input_value("#policy").splitlines() == lines[:2]
    assert page.page.is_disabled("#remove-sub-policy")


def test_a_sweep_has_the_values_of_the_convention(shown):
    page = shown("view=sweep&op=Rotate&magnitude=9")
    assert page.cells()[0]["caption"] == ["Rotate 30"] or page.cells()[0]["caption"] == ["Rotate 27"]
    page.set(negative=True)
    assert page.cells()[0]["caption"][0].startswith("Rotate -")
    page.set(op="Equalize")
    assert page.page.is_disabled("#magnitude")
    assert len(page.cells()) == 2


def test_two_conventions_are_compared_with_equal_draws(shown):
    page = shown("view=compare&policy=Solarize+0.1+3&other=tensorflow")
    one, _, other, _, difference, _ = page.cells()
    assert (difference["pixels"] == np.abs(one["pixels"].astype(int) - other["pixels"])).all()
    assert difference["pixels"].any()
    assert "% of the pixels" in page.text("#sheet")
    page.set(other="torchvision")
    assert "no pixel differs" in page.text("#sheet")
    page.set(policy="randaugment(n=2, m=9)")
    assert "has no sub-policies" in page.text("#policy-error")


def test_a_link_restores_the_state(shown):
    first = shown("view=sub-policies&policy=svhn&number=3&columns=4&seed=99&convention=deepvoltaire&side=128")
    second = shown(first.page.url.split("#")[1])
    assert first.page.url == second.page.url
    for a, b in zip(first.cells(), second.cells(), strict=True):
        assert a["operations"] == b["operations"] and (a["pixels"] == b["pixels"]).all()
    # Another link in the same window.
    second.page.evaluate("location.hash = 'seed=5&view=draws&columns=1'")
    second.wait("document.getElementById('seed').value === '5'")
    second.settle()
    assert len(second.cells()) == 2 and second.page.input_value("#policy") == "imagenet"


def test_bad_parts_of_a_link_are_named_and_the_rest_is_kept(shown):
    bad = "seed=-1&view=movie&columns=0&nonsense=1&convention=opencv&side=7&magnitude=400&number=2.5&always=yes"
    bad += "&constructor=1&__proto__=2"
    page = shown(f"{bad}&policy=cifar10&interpolation=bicubic")
    notes = page.text("#link-notes").splitlines()
    assert len(notes) == 11, notes
    for key in ("seed", "view", "columns", "nonsense", "convention", "side", "magnitude", "number", "always", "constructor"):
        assert any(f"{key}=" in note for note in notes), key
    assert page.page.input_value("#policy") == "cifar10" and page.page.input_value("#interpolation") == "bicubic"
    assert len(page.cells()) == 12
    page = shown("view=sweep&magnitude=40")
    assert "magnitude=40" in page.text("#link-notes")
    page = shown("%E0%A4%A&&=&#&seed=7")
    assert page.page.input_value("#seed") == "7"


def test_errors_stand_at_their_field_and_go_away(shown):
    page = shown("columns=1")
    for field, value, message in [
        ("policy", "Rotate 0.6", "OPERATION PROBABILITY MAGNITUDE"),
        ("policy", "imagnet", "did you mean"),
        ("policy", "Rotate 2 5", "probability"),
        ("policy", "", ""),
        ("seed", "three", "is not a whole number"),
        ("seed", "18446744073709551616", "is not a whole number"),
        ("columns", "65", "1 to 64"),
    ]:
        before = page.page.input_value(f"#{field}")
        page.set(**{field: value})
        said = page.text(f"#{field}-error")
        assert message in said and said, (field, value)
        assert page.page.get_attribute(f"#{field}", "aria-invalid") == "true"
        # The sheet before stays.
        assert page.page.locator("#sheet canvas").count() == 4
        page.set(**{field: before})
        assert page.text(f"#{field}-error") == ""
    page.set(policy="v0")
    page.set(convention="fast-autoaugment")
    assert page.text("#convention-error") != ""
    page.picture("errors")


def test_hostile_files_are_named_and_the_others_are_shown(shown, tmp_path, noise):
    good, broken, text, empty = (tmp_path / name for name in ("good.png", "broken.jpg", "text.png", "empty.gif"))
    Image.fromarray(noise[0]).save(good)
    Image.fromarray(noise[1]).save(broken, "JPEG")
    broken.write_bytes(broken.read_bytes()[:60])
    text.write_text("no image")
    empty.write_bytes(b"")
    page = shown("columns=1")
    page.give(good, broken, text, empty)
    notes = page.text("#image-notes")
    for name in ("broken.jpg", "text.png", "empty.gif"):
        assert f"{name}: this browser cannot decode it" in notes
    assert "good.png, 45 x 37" in page.text("#images")
    assert len(page.originals()) == 1


def test_large_images_and_many_are_bounded_and_said_to_be(shown, tmp_path, noise):
    huge = tmp_path / "huge.png"
    Image.new("L", (9000, 5000), 90).save(huge)
    many = [tmp_path / f"{i}.png" for i in range(20)]
    for path in many:
        Image.fromarray(noise[0]).save(path)
    page = shown("columns=1")
    page.give(huge)
    assert "huge.png: made smaller by the browser, from 9000 x 5000 to 320 x 178 pixels." in page.text("#image-notes")
    assert page.originals()[0].shape == (178, 320, 3)
    page.give(*many)
    assert "20 images were given, and there is room for 11" in page.text("#image-notes")
    assert page.page.locator("#sheet section").count() == 12
    page.set(side="2048", columns=64)
    assert "megapixels and may have 24" in page.text("#columns-error")


def test_transparent_pixels_keep_their_color(shown, tmp_path, noise):
    alpha = np.arange(37 * 45, dtype=np.uint8).reshape(37, 45, 1)
    Image.fromarray(np.concatenate([noise[0], alpha], axis=2)).save(tmp_path / "alpha.png")
    page = shown("columns=1")
    page.give(tmp_path / "alpha.png")
    assert (page.originals()[0] == noise[0]).all()


def test_gray_images_and_palettes_have_pillows_bytes(shown, tmp_path, noise):
    gray = Image.fromarray(noise[0][:, :, 0])
    palette = Image.fromarray(noise[1]).quantize(17)
    gray.save(tmp_path / "gray.png")
    palette.save(tmp_path / "palette.png")
    page = shown("columns=1")
    page.give(tmp_path / "gray.png", tmp_path / "palette.png")
    for original, image in zip(page.originals(), (gray, palette), strict=True):
        assert (original == np.asarray(image.convert("RGB"))).all()


def test_color_profiles_do_not_change_bytes(shown, tmp_path, noise):
    from PIL import ImageCms

    # A gamma chunk would brighten the image, if it counted.
    data = io.BytesIO()
    Image.fromarray(noise[0]).save(data, "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())
    (tmp_path / "profile.png").write_bytes(data.getvalue())
    page = shown("columns=1")
    page.give(tmp_path / "profile.png")
    assert (page.originals()[0] == noise[0]).all()


def test_photographs_stand_upright_and_animations_give_the_first_frame(shown, tmp_path):
    sideways = Image.new("RGB", (40, 20), "navy")
    exif = sideways.getexif()
    exif[0x0112] = 6
    sideways.save(tmp_path / "turned.jpg", exif=exif)
    frames = [Image.new("RGB", (30, 30), color) for color in ("#ff0000", "#00ff00")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:], duration=50, loop=0)
    page = shown("columns=1")
    page.give(tmp_path / "turned.jpg", tmp_path / "moving.gif")
    turned, moving = page.originals()
    assert turned.shape == (40, 20, 3)
    assert (moving == [255, 0, 0]).all()
    assert "moving.gif: of an animation, only the first frame." in page.text("#image-notes")


def test_the_page_is_used_by_keyboard_alone(shown):
    page = shown("columns=1")
    keyboard, seen = page.page.keyboard, []
    page.page.evaluate("document.activeElement.blur()")
    for _ in range(40):
        keyboard.press("Tab")
        seen.append(page.page.evaluate("document.activeElement.id || document.activeElement.name || ''"))
    for field in ("files", "side", "preset", "seed", "policy", "convention", "view", "columns", "device", "measure", "copy"):
        assert field in seen, field
    page.page.focus("input[name=view]:checked")
    keyboard.press("ArrowRight")
    page.settle()
    assert page.page.is_visible("#steps select")
    page.page.focus("#next-seed")
    keyboard.press("Enter")
    page.settle()
    assert page.page.input_value("#seed") == "4"
    # What has the focus is seen.
    assert page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    unnamed = page.page.evaluate("""Array.from(document.querySelectorAll('input, select, textarea, button'))
        .filter((e) => !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)""")
    assert unnamed == []


@pytest.mark.parametrize("view", ["draws", "sub-policies", "sweep", "compare"])
def test_it_fits_the_width_of_a_phone(shown, view):
    page = shown(f"view={view}", viewport={"width": 360, "height": 740}, device_scale_factor=2, is_mobile=True)
    widths = page.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= 360, widths
    page.picture(f"phone-{view}")


def test_it_is_dark_where_the_system_is(shown):
    color = "getComputedStyle(document.body).backgroundColor"
    light = shown("columns=3")
    dark = shown("columns=3&view=sub-policies", color_scheme="dark")
    assert light.page.evaluate(color) == "rgb(255, 255, 255)"
    assert dark.page.evaluate(color) == "rgb(20, 23, 29)"
    dark.picture("dark")


def test_it_works_without_webgpu(shown):
    page = shown("device=webgpu", script="Object.defineProperty(navigator, 'gpu', { value: undefined });")
    assert page.page.is_disabled("#measure")
    assert page.page.locator("#sheet canvas").count() == 14
    assert "on the CPU, as WebAssembly" in page.text("#status")


def test_a_webgpu_without_an_adapter_is_said_and_the_cpu_runs(shown):
    page = shown("device=webgpu&columns=1", script="navigator.gpu.constructor.prototype.requestAdapter = async () => null;")
    assert "The CPU runs instead." in page.text("#device-error")
    assert "on the CPU, as WebAssembly" in page.text("#status")
