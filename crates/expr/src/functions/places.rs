//! Functions over places on Earth: distance, area, inside or outside. The Earth is a sphere of its equatorial
//! radius, as in Collect and the ODK XForms specification; altitude and accuracy count for nothing.

use super::{Call, Given};
use crate::error::{EvalError, EvalErrorKind};
use crate::instance::Instance;
use crate::value::{Value, text_number};

#[derive(Debug, Clone, Copy)]
pub(super) enum Places {
    Area,
    Distance,
    Geofence,
    Intersects,
}

/// In metres.
const EARTH_RADIUS: f64 = 6_378_100.0;

/// A point, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    latitude: f64,
    longitude: f64,
}

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Places) -> Given<I> {
    let all = |from| points(call, from);
    Ok(match function {
        Places::Area => Value::Number(all(0)?.map_or(f64::NAN, |points| area(&points))),
        Places::Distance => Value::Number(all(0)?.map_or(f64::NAN, |points| distance(&points))),
        Places::Geofence => {
            let text = call.text(0)?;
            let point = point(&text).ok_or(NO_PLACE)?;
            Value::Boolean(inside(point, &all(1)?.ok_or(NO_PLACE)?))
        }
        Places::Intersects => {
            let points = all(0)?.unwrap_or_default();
            call.run.work(points.len().saturating_mul(points.len()))?;
            Value::Boolean(crosses_itself(&points))
        }
    })
}

const NO_PLACE: EvalErrorKind = EvalErrorKind::Type("not a place: latitude and longitude in degrees");

/// The points of the arguments from `from` on: of each node, of each part between semicolons. Nothing where nothing
/// was answered.
fn points<I: Instance>(call: &Call<'_, '_, '_, I>, from: usize) -> Result<Option<Vec<Point>>, EvalError> {
    let mut points = Vec::new();
    for value in call.all_values(from)? {
        let text = call.run.owned_text(value);
        call.run.reads(&text)?;
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            points.push(point(part).ok_or(NO_PLACE)?);
        }
    }
    Ok(Some(points).filter(|points| !points.is_empty()))
}

/// `latitude longitude`, and perhaps altitude and accuracy.
fn point(text: &str) -> Option<Point> {
    let mut numbers = text.split_whitespace().map(text_number);
    let (latitude, longitude) = (numbers.next()?, numbers.next()?);
    let known = latitude.is_finite() && longitude.is_finite() && numbers.all(f64::is_finite);
    known.then_some(Point { latitude, longitude })
}

/// Along the points in their order, in metres, by the spherical law of cosines.
fn distance(points: &[Point]) -> f64 {
    let between = |from: &Point, to: &Point| {
        let (south, north) = (from.latitude.to_radians(), to.latitude.to_radians());
        let turn = (from.longitude - to.longitude).to_radians();
        let cosine = south.sin() * north.sin() + south.cos() * north.cos() * turn.cos();
        // Of one point with itself the sum can be a little above 1.
        cosine.clamp(-1.0, 1.0).acos() * EARTH_RADIUS
    };
    points.iter().zip(points.iter().skip(1)).map(|(from, to)| between(from, to)).sum()
}

/// Of the polygon that the points go round, in square metres: on a plane on which a degree of longitude is as long
/// as at each point's latitude.
fn area(points: &[Point]) -> f64 {
    let Some(first) = points.first().filter(|_| points.len() > 2) else { return 0.0 };
    let degree = EARTH_RADIUS.to_radians();
    let plane: Vec<(f64, f64)> = points
        .iter()
        .map(|point| {
            let east = (point.longitude - first.longitude) * degree * point.latitude.to_radians().cos();
            (east, (point.latitude - first.latitude) * degree)
        })
        .collect();
    let halves =
        plane.iter().zip(plane.iter().skip(1)).map(|((x, y), (next_x, next_y))| y * next_x - x * next_y);
    (halves.sum::<f64>() / 2.0).abs()
}

/// Whether a line from the point eastwards leaves the polygon an odd number of times.
fn inside(point: Point, polygon: &[Point]) -> bool {
    let edges = polygon.iter().zip(polygon.iter().skip(1));
    let left = edges.filter(|(from, to)| {
        let spans = (from.latitude > point.latitude) != (to.latitude > point.latitude);
        let share = (point.latitude - from.latitude) / (to.latitude - from.latitude);
        spans && point.longitude < from.longitude + share * (to.longitude - from.longitude)
    });
    left.count() % 2 == 1
}

/// Whether two segments that do not follow each other have a point in common.
fn crosses_itself(points: &[Point]) -> bool {
    let segments: Vec<(Point, Point)> =
        points.iter().zip(points.iter().skip(1)).map(|(from, to)| (*from, *to)).collect();
    let closed = points.len() > 3 && points.first() == points.last();
    segments.iter().enumerate().any(|(place, one)| {
        let others = segments.iter().enumerate().skip(place + 2);
        let neighbour = |other: usize| closed && place == 0 && other + 1 == segments.len();
        others.filter(|(other, _)| !neighbour(*other)).any(|(_, other)| meet(*one, *other))
    })
}

fn meet((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    /// On which side of the line from `from` to `to` the point lies.
    fn side(from: Point, to: Point, point: Point) -> f64 {
        (to.longitude - from.longitude) * (point.latitude - from.latitude)
            - (to.latitude - from.latitude) * (point.longitude - from.longitude)
    }
    /// Whether a point of the line lies between its ends.
    fn between(from: Point, to: Point, point: Point) -> bool {
        let within = |low: f64, high: f64, it: f64| (low.min(high)..=low.max(high)).contains(&it);
        within(from.latitude, to.latitude, point.latitude)
            && within(from.longitude, to.longitude, point.longitude)
    }
    let (ab_c, ab_d) = (side(a, b, c), side(a, b, d));
    let (cd_a, cd_b) = (side(c, d, a), side(c, d, b));
    if ab_c * ab_d < 0.0 && cd_a * cd_b < 0.0 {
        return true;
    }
    (ab_c == 0.0 && between(a, b, c))
        || (ab_d == 0.0 && between(a, b, d))
        || (cd_a == 0.0 && between(c, d, a))
        || (cd_b == 0.0 && between(c, d, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Point> {
        text.split(';').map(|part| point(part).unwrap()).collect()
    }

    #[test]
    fn a_degree_is_as_long_as_the_sphere_says() {
        let degree = EARTH_RADIUS.to_radians();
        assert!((distance(&path("0 0;0 1;1 1")) - 2.0 * degree).abs() < 1.0);
        assert!(distance(&path("7.9377 -11.5845 0 0;7.9377 -11.5845 0 0")) < 1.0);
        let square = area(&path("0 0;0 0.01;0.01 0.01;0.01 0;0 0"));
        assert!((square / (degree * 0.01).powi(2) - 1.0).abs() < 1e-6);
        assert!(area(&path("0 0;0 1")) < 1.0);
    }

    #[test]
    fn a_fence_has_an_inside() {
        let fence = path("0 0;0 2;2 2;2 0;0 0");
        let inside = |text| inside(point(text).unwrap(), &fence);
        assert!(inside("1 1") && !inside("1 3") && !inside("-1 1"));
    }

    #[test]
    fn a_trace_can_cross_itself() {
        assert!(crosses_itself(&path("0 0;2 2;0 2;2 0")));
        assert!(!crosses_itself(&path("0 0;0 2;2 2;2 0;0 0")));
        assert!(crosses_itself(&path("0 0;0 2;0 1;2 1;0 0.5")));
    }

    #[test]
    fn what_is_no_place_is_none() {
        for text in ["", "1", "a b", "1 b", "1 2 x"] {
            assert!(point(text).is_none(), "{text}");
        }
    }
}
