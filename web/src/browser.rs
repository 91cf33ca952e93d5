//! Browser: the page's calls, from JavaScript to the library and back.

use std::cell::RefCell;
use std::rc::Rc;

use autoaugment::{Device, Executor, Gpu, Size, rgbx};
use js_sys::Promise;
use serde_json::Value;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{Clamped, JsError, JsValue};
use wasm_bindgen_futures::future_to_promise;

use crate::copies::Copies;
use crate::failure::Failure;
use crate::listing;
use crate::request::Request;
use crate::sheet::{Done, Picture, Sheet};

/// The images of the page, and a GPU once it is open.
#[wasm_bindgen]
pub struct Page {
    pictures: Rc<Vec<Picture>>,
    gpu: Rc<RefCell<Option<Gpu>>>,
}

/// A planned sheet.
#[wasm_bindgen]
pub struct Job {
    sheet: Rc<Sheet>,
    pictures: Rc<Vec<Picture>>,
    gpu: Rc<RefCell<Option<Gpu>>>,
}

/// The pixels of a sheet.
#[wasm_bindgen]
pub struct Pixels(Done);

#[wasm_bindgen]
impl Page {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Page {
        Page { pictures: Rc::default(), gpu: Rc::default() }
    }

    /// All names, as JSON.
    pub fn listing(&self) -> String {
        listing::all().to_string()
    }

    /// Takes an image of four bytes a pixel. The fourth is not read.
    pub fn add(&mut self, rgba: &[u8], width: usize, height: usize) -> Result<(), JsError> {
        let mut rgb = Vec::new();
        rgb.try_reserve_exact(rgba.len() / 4 * 3)?;
        rgb.resize(rgba.len() / 4 * 3, 0);
        rgbx::to_rgb(rgba, &mut rgb)?;
        Rc::make_mut(&mut self.pictures).push(Picture { size: Size { width, height }, rgb });
        Ok(())
    }

    /// Forgets the image at this place.
    pub fn remove(&mut self, place: usize) {
        let pictures = Rc::make_mut(&mut self.pictures);
        if place < pictures.len() {
            pictures.remove(place);
        }
    }

    /// What a policy is, as JSON, or a failure as JSON.
    pub fn policy(&self, request: &str) -> String {
        answer(Request::read(request).and_then(|request| listing::policy(&request)))
    }

    /// Text, JSON, Rust, Python and a command, as JSON, or a failure as JSON.
    pub fn copies(&self, request: &str) -> String {
        let size = self.pictures.first().map_or(Size { width: 224, height: 224 }, |picture| picture.size);
        let copies = Request::read(request).and_then(|request| Copies::of(&request, size));
        answer(copies.map(|copies| serde_json::json!(copies)))
    }

    /// Plans a sheet. A failure is JSON.
    pub fn plan(&self, request: &str) -> Result<Job, JsValue> {
        let sizes: Vec<_> = self.pictures.iter().map(|picture| picture.size).collect();
        let sheet = Request::read(request).and_then(|request| Sheet::new(&request, &sizes));
        let sheet = sheet.map_err(|failure| JsValue::from(serde_json::json!(failure).to_string()))?;
        Ok(Job { sheet: Rc::new(sheet), pictures: self.pictures.clone(), gpu: self.gpu.clone() })
    }

    /// Opens WebGPU. Resolves to its name.
    pub fn open_gpu(&self) -> Promise {
        let place = self.gpu.clone();
        future_to_promise(async move {
            let gpu = Gpu::new_async().await.map_err(JsError::from)?;
            let name = gpu.description();
            place.replace(Some(gpu));
            Ok(name.into())
        })
    }
}

#[wasm_bindgen]
impl Job {
    /// Headings and cells, as JSON.
    pub fn describe(&self) -> String {
        self.sheet.describe().to_string()
    }

    /// Runs all cells. Resolves to their pixels.
    pub fn run(&self, on_gpu: bool) -> Promise {
        let (sheet, pictures, gpu) = (self.sheet.clone(), self.pictures.clone(), self.gpu.clone());
        future_to_promise(async move {
            let executor = executor(&gpu, on_gpu).await?;
            let done = sheet.run(&pictures, &executor).await.map_err(JsError::from)?;
            Ok(Pixels(done).into())
        })
    }
}

#[wasm_bindgen]
impl Pixels {
    /// The device that ran.
    pub fn device(&self) -> String {
        self.0.device.clone()
    }

    /// The captions of differences, as JSON: pairs of a cell's place and its lines.
    pub fn captions(&self) -> String {
        serde_json::json!(self.0.captions).to_string()
    }

    /// The pixels of a cell, four bytes each.
    pub fn rgba(&self, place: usize) -> Result<Clamped<Vec<u8>>, JsError> {
        let rgb = self.0.cells.get(place).map(Vec::as_slice).unwrap_or_default();
        let mut rgba = vec![0; rgb.len() / 3 * 4];
        rgbx::from_rgb(rgb, &mut rgba)?;
        Ok(Clamped(rgba))
    }
}

/// The GPU that is open, or the CPU.
async fn executor(gpu: &RefCell<Option<Gpu>>, on_gpu: bool) -> Result<Executor, JsError> {
    let open = gpu.borrow().clone();
    match open {
        _ if !on_gpu => Ok(Executor::new_async(Device::Cpu).await?),
        Some(gpu) => Ok(Executor::with_gpu(gpu)),
        None => Err(JsError::new("WebGPU is not open")),
    }
}

fn answer(result: Result<Value, Failure>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(failure) => serde_json::json!({ "failure": failure }).to_string(),
    }
}
