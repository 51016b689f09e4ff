//! Attaching files to answers: what may be attached where, the thumbnail of an image, and the answer that names the file.
//! Whoever calls reads the file; nothing here knows of paths.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};
use teranga_core::answers::{AnswerError, AnswerSheet, answers_from_json};
use teranga_core::attachment::{Address, FileFlaw, extension};
use teranga_core::flow::Change;
use teranga_core::form::{Form, Question};
use teranga_core::id::Entropy;
use teranga_core::value::Value;
use teranga_sync::limits;

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::Interview;

/// Reads the file that an answer names.
pub type Opener<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<u8>, FileFlaw>;

impl Device {
    /// Attaches a file to a question. Returns the answer that names it, which is still to be given.
    pub fn attach(&mut self, question: &Question, name: &str, bytes: &[u8]) -> Result<Value, ClientError> {
        let refused = |flaw| AnswerError::File { question: question.id.clone(), flaw };
        let limit = limits::ATTACHMENT_BYTES_MAX;
        if bytes.len() > limit {
            return Err(refused(FileFlaw::TooLarge { limit }).into());
        }
        let extension = extension(question.kind, name, bytes).map_err(refused)?;
        let hash = self.replica_mut().attach(bytes, thumbnail(bytes))?;
        Ok(Value::Text(Address { hash, extension }.to_string()))
    }

    /// Takes answers from a file like [`Device::answer_sheet`]; an answer that names a file is attached.
    pub fn answer_sheet_attaching(
        &mut self,
        interview: &mut Interview,
        json: &serde_json::Value,
        open: Opener<'_>,
        entropy: &mut dyn Entropy,
    ) -> Result<Change, ClientError> {
        let lists = self.catalogue().lists_for(&interview.form);
        let mut sheet = answers_from_json(&interview.form, &lists, json).map_err(ClientError::Answers)?;
        let form = std::sync::Arc::clone(&interview.form);
        let mut errors = Vec::new();
        self.attach_sheet(&form, &mut sheet, open, &mut errors)?;
        if !errors.is_empty() {
            return Err(ClientError::Answers(errors));
        }
        interview.filling.fill(&sheet, entropy).map_err(ClientError::Answers)
    }

    fn attach_sheet(
        &mut self,
        form: &Form,
        sheet: &mut AnswerSheet,
        open: Opener<'_>,
        errors: &mut Vec<AnswerError>,
    ) -> Result<(), ClientError> {
        for (row, value) in &mut sheet.answers {
            let Some(question) = form.row(*row).filter(|question| question.kind.is_attached()) else {
                continue;
            };
            let (Value::Text(name), None) = (&*value, Address::of(value)) else { continue };
            let read = open(name).map_err(|flaw| AnswerError::File { question: question.id.clone(), flaw });
            match read.map_err(ClientError::from).and_then(|bytes| self.attach(question, name, &bytes)) {
                Ok(attached) => *value = attached,
                Err(ClientError::Answer(error)) => errors.push(error),
                Err(error) => return Err(error),
            }
        }
        for item in sheet.repeats.iter_mut().flat_map(|(_, items)| items) {
            self.attach_sheet(form, item, open, errors)?;
        }
        Ok(())
    }
}

/// Qualities that are tried until a thumbnail is small enough.
const QUALITIES: [u8; 5] = [75, 60, 45, 30, 15];

/// A small JPEG of an image, upright and without what a camera writes beside its pixels, such as the place; none where the
/// bytes are no image that can be read.
pub fn thumbnail(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut bounds = Limits::default();
    bounds.max_alloc = Some(limits::IMAGE_PIXELS_MAX * 4);
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits::IMAGE_PIXELS_MAX {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let side = limits::THUMBNAIL_PIXELS_MAX;
    let mut small = DynamicImage::from_decoder(decoder).ok()?.thumbnail(side, side);
    small.apply_orientation(orientation);
    let small = small.to_rgb8();
    QUALITIES.into_iter().find_map(|quality| {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&small).ok()?;
        (jpeg.len() <= limits::THUMBNAIL_BYTES_MAX).then_some(jpeg)
    })
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgb, RgbImage};

    use super::*;

    fn noisy(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, y| {
            let mixed = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).to_le_bytes();
            Rgb([mixed[0], mixed[1], mixed[2]])
        });
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn the_worst_image_has_a_thumbnail_that_is_one_chunk() {
        for (width, height, format) in [(800, 600, ImageFormat::Jpeg), (50, 900, ImageFormat::Png)] {
            let small = thumbnail(&noisy(width, height, format)).unwrap();
            assert!(small.len() <= limits::THUMBNAIL_BYTES_MAX);
            let read = image::load_from_memory(&small).unwrap();
            assert_eq!(read.width().max(read.height()), limits::THUMBNAIL_PIXELS_MAX);
            assert_eq!(read.width() > read.height(), width > height);
        }
    }

    #[test]
    fn what_is_no_image_or_is_cut_short_has_none() {
        let whole = noisy(300, 200, ImageFormat::Png);
        assert_eq!(thumbnail(&whole[..whole.len() / 2]), None);
        assert_eq!(thumbnail(b"not an image at all"), None);
        assert_eq!(thumbnail(b"\xff\xd8\xff"), None);
    }
}
