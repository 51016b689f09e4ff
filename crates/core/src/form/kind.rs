//! The types of XLSForm's `type` column, as this engine understands them.

/// What a row of the survey is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Free text.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// A time of day.
    Time,
    /// A day with its time.
    DateTime,
    /// Text that is shown and takes no answer.
    Note,
    /// A value computed from other answers and never shown.
    Calculate,
    /// One code of a list.
    SelectOne,
    /// Any number of codes of a list.
    SelectMultiple,
    /// Every code of a list, put in order.
    Rank,
    /// Latitude, longitude, altitude and accuracy.
    GeoPoint,
    /// A line of points.
    GeoTrace,
    /// A closed line of points.
    GeoShape,
    /// A photograph or drawing, by the name of its attachment.
    Image,
    /// A sound, by the name of its attachment.
    Audio,
    /// A film, by the name of its attachment.
    Video,
    /// Any file, by the name of its attachment.
    File,
    /// The text of a scanned code.
    Barcode,
    /// An "OK" that was given or not.
    Acknowledge,
    /// A value that is neither asked nor shown: from a default or a trigger.
    Hidden,
    /// A number between two ends.
    Range,
    /// A value that the device fills in.
    Metadata(Metadata),
    /// A section.
    Group,
    /// A section that is filled once per item.
    Repeat,
    /// A type that this engine keeps and does not ask.
    Unsupported,
}

/// What the device fills in by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metadata {
    /// When the filling was begun.
    Start,
    /// When it was last saved.
    End,
    /// The day on which it was begun.
    Today,
    /// The device's identity.
    DeviceId,
    /// The user's name.
    Username,
    /// The device's telephone number.
    PhoneNumber,
    /// The user's e-mail address.
    Email,
    /// The journal of the filling; the name of its attachment.
    Audit,
}

const TYPES: &[(&str, Kind)] = &[
    ("text", Kind::Text),
    ("integer", Kind::Integer),
    ("decimal", Kind::Decimal),
    ("date", Kind::Date),
    ("time", Kind::Time),
    ("datetime", Kind::DateTime),
    ("dateTime", Kind::DateTime),
    ("note", Kind::Note),
    ("calculate", Kind::Calculate),
    ("select_one", Kind::SelectOne),
    ("select_one_from_file", Kind::SelectOne),
    ("select_multiple", Kind::SelectMultiple),
    ("select_multiple_from_file", Kind::SelectMultiple),
    ("rank", Kind::Rank),
    ("geopoint", Kind::GeoPoint),
    ("geotrace", Kind::GeoTrace),
    ("geoshape", Kind::GeoShape),
    ("image", Kind::Image),
    ("audio", Kind::Audio),
    ("video", Kind::Video),
    ("file", Kind::File),
    ("barcode", Kind::Barcode),
    ("acknowledge", Kind::Acknowledge),
    ("hidden", Kind::Hidden),
    ("range", Kind::Range),
    ("group", Kind::Group),
    ("repeat", Kind::Repeat),
    ("start", Kind::Metadata(Metadata::Start)),
    ("end", Kind::Metadata(Metadata::End)),
    ("today", Kind::Metadata(Metadata::Today)),
    ("deviceid", Kind::Metadata(Metadata::DeviceId)),
    ("username", Kind::Metadata(Metadata::Username)),
    ("phonenumber", Kind::Metadata(Metadata::PhoneNumber)),
    ("email", Kind::Metadata(Metadata::Email)),
    ("audit", Kind::Metadata(Metadata::Audit)),
];

impl Kind {
    /// Reads the `type` member; a name that is not known is [`Kind::Unsupported`].
    pub fn from_type(name: &str) -> Self {
        TYPES.iter().find(|(known, _)| *known == name).map_or(Self::Unsupported, |(_, kind)| *kind)
    }

    /// Every type name that is known, for suggestions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TYPES.iter().map(|(name, _)| *name)
    }

    /// Whether answers are codes of a list.
    pub const fn has_choices(self) -> bool {
        matches!(self, Self::SelectOne | Self::SelectMultiple | Self::Rank)
    }

    /// Whether a person is asked or told something here.
    pub const fn is_shown(self) -> bool {
        !matches!(
            self,
            Self::Calculate
                | Self::Hidden
                | Self::Metadata(_)
                | Self::Group
                | Self::Repeat
                | Self::Unsupported
        )
    }

    /// Whether a person can answer here.
    pub const fn is_asked(self) -> bool {
        self.is_shown() && !matches!(self, Self::Note)
    }

    /// Whether an answer is the address of a file that is attached.
    pub const fn is_attached(self) -> bool {
        matches!(self, Self::Image | Self::Audio | Self::Video | Self::File)
    }

    /// Whether the row holds other rows.
    pub const fn is_section(self) -> bool {
        matches!(self, Self::Group | Self::Repeat)
    }

    /// What a valid answer is, as errors name it.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Range => "number",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime",
            Self::SelectOne => "code",
            Self::SelectMultiple => "codes",
            Self::Rank => "ordered-codes",
            Self::GeoPoint => "geopoint",
            Self::GeoTrace => "geotrace",
            Self::GeoShape => "geoshape",
            Self::Acknowledge => "acknowledgement",
            Self::Repeat => "items",
            Self::Group => "section",
            Self::Text
            | Self::Note
            | Self::Calculate
            | Self::Image
            | Self::Audio
            | Self::Video
            | Self::File
            | Self::Barcode
            | Self::Hidden
            | Self::Metadata(_)
            | Self::Unsupported => "text",
        }
    }
}
