//! Bing tiles: squares of the Mercator map, and the distance of two places on the globe.

use super::super::error::{Code, Result, TrinoError};
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, failing, found, simple};

const MAX_ZOOM: i64 = 23;
const MAX_LATITUDE: f64 = 85.051_128_78;
const TILE: i64 = 256;
/// Trino's radius of the Earth, in kilometres.
const EARTH: f64 = 6371.01;

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

/// A tile: column, row and zoom level.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tile {
    x: i64,
    y: i64,
    zoom: i64,
}

impl Tile {
    fn new(x: i64, y: i64, zoom: i64) -> Result<Self> {
        check_zoom(zoom)?;
        let side = 1_i64 << zoom;
        if (0..side).contains(&x) && (0..side).contains(&y) {
            return Ok(Self { x, y, zoom });
        }
        Err(invalid(format!(
            "XY coordinates for a Bing tile at zoom level {zoom} must be within [0, {side}) range"
        )))
    }

    const fn pack(self) -> Value {
        Value::Int(self.zoom << 46 | self.x << 23 | self.y)
    }

    fn of(value: Option<&Value>) -> Self {
        let packed = match value {
            Some(Value::Int(packed)) => *packed,
            _ => 0,
        };
        let mask = (1 << 23) - 1;
        Self {
            x: packed >> 23 & mask,
            y: packed & mask,
            zoom: packed >> 46,
        }
    }

    fn of_key(key: &str) -> Result<Self> {
        if key.is_empty() {
            return Err(invalid("QuadKey must not be empty string"));
        }
        if key.len() > 23 {
            return Err(invalid("QuadKey must be 23 characters or less"));
        }
        let mut tile = Self {
            x: 0,
            y: 0,
            zoom: key.len() as i64,
        };
        for c in key.chars() {
            let digit = c.to_digit(4).map(i64::from);
            let digit =
                digit.ok_or_else(|| invalid(format!("Invalid QuadKey digit sequence: {key}")))?;
            tile.x = tile.x << 1 | digit & 1;
            tile.y = tile.y << 1 | digit >> 1;
        }
        Ok(tile)
    }

    fn key(self) -> String {
        (0..self.zoom)
            .rev()
            .filter_map(|bit| {
                let digit = (self.x >> bit & 1) + 2 * (self.y >> bit & 1);
                u32::try_from(digit)
                    .ok()
                    .and_then(|d| char::from_digit(d, 4))
            })
            .collect()
    }

    fn at(latitude: f64, longitude: f64, zoom: i64) -> Result<Self> {
        check_zoom(zoom)?;
        if !(-MAX_LATITUDE..=MAX_LATITUDE).contains(&latitude) {
            return Err(invalid(format!(
                "Latitude must be between -{MAX_LATITUDE} and {MAX_LATITUDE}"
            )));
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(invalid("Longitude must be between -180.0 and 180.0"));
        }
        let size = TILE << zoom;
        let cell = |share: f64| ((share * size as f64) as i64).clamp(0, size - 1) / TILE;
        let sine = latitude.to_radians().sin();
        let down = 0.5 - ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * std::f64::consts::PI);
        Ok(Self {
            x: cell((longitude + 180.0) / 360.0),
            y: cell(down),
            zoom,
        })
    }
}

fn check_zoom(zoom: i64) -> Result<()> {
    if zoom > MAX_ZOOM {
        return Err(invalid("Zoom level must be <= 23"));
    }
    if zoom < 0 {
        return Err(invalid("Zoom level must be >= 0"));
    }
    Ok(())
}

/// What a tile is shown as.
pub fn shown(packed: i64) -> String {
    let tile = Tile::of(Some(&Value::Int(packed)));
    format!(
        "{{\"x\":{},\"y\":{},\"zoom\":{}}}",
        tile.x, tile.y, tile.zoom
    )
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    let tile = || Type::BingTile;
    let place = [Type::Double, Type::Double, Type::Integer];
    match name {
        "bing_tile" if arguments.len() == 1 => {
            failing(name, arguments, &[VARCHAR], tile(), |a| match a {
                [Value::Text(key)] => Tile::of_key(key).map(Tile::pack),
                _ => Ok(Value::Null),
            })
        }
        "bing_tile" => {
            let parameters = [Type::Bigint, Type::Bigint, Type::Integer];
            failing(name, arguments, &parameters, tile(), |a| match a {
                [Value::Int(x), Value::Int(y), Value::Int(zoom)] => {
                    Tile::new(*x, *y, *zoom).map(Tile::pack)
                }
                _ => Ok(Value::Null),
            })
        }
        "bing_tile_at" => failing(name, arguments, &place, tile(), |a| match a {
            [
                Value::Double(latitude),
                Value::Double(longitude),
                Value::Int(zoom),
            ] => Tile::at(*latitude, *longitude, *zoom).map(Tile::pack),
            _ => Ok(Value::Null),
        }),
        "bing_tiles_around" if arguments.len() == 3 => failing(
            name,
            arguments,
            &place,
            Type::Array(Box::new(tile())),
            around,
        ),
        "bing_tile_quadkey" => simple(name, arguments, &[tile()], VARCHAR, |a| {
            Ok(Value::Text(Tile::of(a.first()).key()))
        }),
        "bing_tile_zoom_level" => simple(name, arguments, &[tile()], Type::Tinyint, |a| {
            Ok(Value::Int(Tile::of(a.first()).zoom))
        }),
        "bing_tile_coordinates" => {
            let row = Type::Row(vec![
                (Some("x".into()), Type::Integer),
                (Some("y".into()), Type::Integer),
            ]);
            simple(name, arguments, &[tile()], row, |a| {
                let tile = Tile::of(a.first());
                Ok(Value::List(vec![Value::Int(tile.x), Value::Int(tile.y)]))
            })
        }
        "great_circle_distance" => {
            let parameters = [Type::Double, Type::Double, Type::Double, Type::Double];
            failing(name, arguments, &parameters, Type::Double, |a| match a {
                [
                    Value::Double(a),
                    Value::Double(b),
                    Value::Double(c),
                    Value::Double(d),
                ] => distance((*a, *b), (*c, *d)).map(Value::Double),
                _ => Ok(Value::Null),
            })
        }
        "geometry_to_bing_tiles" => found(None, "geometry"),
        _ => Resolution::Unknown,
    }
}

/// The tile of a place and those that touch it, column by column.
fn around(a: &[Value]) -> Result<Value> {
    let [
        Value::Double(latitude),
        Value::Double(longitude),
        Value::Int(zoom),
    ] = a
    else {
        return Ok(Value::Null);
    };
    let middle = Tile::at(*latitude, *longitude, *zoom)?;
    let mut tiles = Vec::new();
    for x in middle.x - 1..=middle.x + 1 {
        for y in middle.y - 1..=middle.y + 1 {
            if let Ok(tile) = Tile::new(x, y, *zoom) {
                tiles.push(tile.pack());
            }
        }
    }
    Ok(Value::List(tiles))
}

/// In kilometres, over the surface of a sphere.
fn distance((lat1, lon1): (f64, f64), (lat2, lon2): (f64, f64)) -> Result<f64> {
    for latitude in [lat1, lat2] {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(invalid("Latitude must be between -90 and 90"));
        }
    }
    for longitude in [lon1, lon2] {
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(invalid("Longitude must be between -180 and 180"));
        }
    }
    let (a, b) = (lat1.to_radians(), lat2.to_radians());
    let turn = lon1.to_radians() - lon2.to_radians();
    let across = b.cos() * turn.sin();
    let along = a.cos() * b.sin() - a.sin() * b.cos() * turn.cos();
    let ahead = a.sin() * b.sin() + a.cos() * b.cos() * turn.cos();
    Ok((across * across + along * along).sqrt().atan2(ahead) * EARTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_coordinates_name_the_same_tile() {
        let tile = Tile::new(21_845, 13_506, 15).unwrap();
        assert_eq!(tile.key(), "123030123010121");
        assert_eq!(Tile::of_key("123030123010121").unwrap(), tile);
        assert_eq!(Tile::of(Some(&tile.pack())), tile);
        assert_eq!(Tile::at(30.12, 60.0, 15).unwrap(), tile);
        assert!(Tile::of_key("12345").is_err());
        assert!(Tile::new(2, 10, 3).is_err());
    }

    #[test]
    fn distances_run_over_the_globe() {
        let far = distance((36.12, -86.67), (33.94, -118.40)).unwrap();
        assert!((far - 2_886.448_973_436_701_6).abs() < 1e-9);
        assert!(distance((91.0, 0.0), (0.0, 0.0)).is_err());
    }
}
