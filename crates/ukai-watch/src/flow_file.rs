//! Records per minute as a Parquet file: a row for each, in groups, so that one hour of one
//! port is read without the rest.
//!
//! A file can be read when it is closed, not before: its index stands at its end.

use crate::limits::FLOW_ROWS_PER_GROUP;
use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use ukai_telescope::{Flow, Minute, Origin, Origins, Port};

/// What a row has, in the order in which [`Rows::write`] gives it.
const SCHEMA: &str = "
message flow {
    required int64 minute (TIMESTAMP(MILLIS, true));
    optional binary src (STRING);
    optional binary dst (STRING);
    required binary protocol (STRING);
    optional int32 port (INTEGER(32, false));
    required binary group (STRING);
    required binary class (STRING);
    required int64 packets (INTEGER(64, false));
    required int64 bytes (INTEGER(64, false));
    required int64 sources (INTEGER(64, false));
    optional binary country (STRING);
    optional int32 asn (INTEGER(32, false));
}
";

/// Columns whose values are mostly new ones: looking for equal ones costs more than it saves.
const NUMBERS: [&str; 2] = ["bytes", "packets"];

/// A file in the making.
pub struct FlowFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: Rows,
}

impl<W: Write + Send> FlowFile<W> {
    /// Begins a file.
    pub fn new(out: W) -> io::Result<Self> {
        let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
        let mut properties = WriterProperties::builder()
            .set_created_by("ukai".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk);
        for name in NUMBERS {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
        }
        let writer = SerializedFileWriter::new(out, schema, Arc::new(properties.build()));
        Ok(Self { writer: writer.map_err(failed)?, rows: Rows::default() })
    }

    /// Adds the records of a minute, with whose their sources are.
    pub fn add(&mut self, minute: &Minute, origins: &Origins) -> io::Result<()> {
        for flow in minute.flows() {
            let origin = match flow.src {
                Some(src) if !origins.is_empty() => origins.of(src),
                _ => Origin::default(),
            };
            self.rows.push(&flow, origin);
            if self.rows.count >= FLOW_ROWS_PER_GROUP {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.rows.count > 0 {
            let mut group = self.writer.next_row_group().map_err(failed)?;
            self.rows.write(&mut group).map_err(failed)?;
            group.close().map_err(failed)?;
        }
        Ok(())
    }

    /// Bytes that the file has so far.
    pub fn bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    /// Ends the file, and gives back what it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.writer.into_inner().map_err(failed)
    }
}

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

/// Rows that wait to become a group, by columns.
#[derive(Default)]
struct Rows {
    count: usize,
    minute: Vec<i64>,
    src: Texts,
    dst: Texts,
    protocol: Vec<ByteArray>,
    port: Optional<i32>,
    group: Vec<ByteArray>,
    class: Vec<ByteArray>,
    packets: Vec<i64>,
    bytes: Vec<i64>,
    sources: Vec<i64>,
    country: Texts,
    asn: Optional<i32>,
}

impl Rows {
    fn push(&mut self, flow: &Flow, origin: Origin) {
        self.count += 1;
        self.minute.push(flow.minute.millis() as i64);
        self.src.push(flow.src, address);
        self.dst.push(flow.dst, |dst, out| {
            address(dst.addr(), out);
            let _ = write!(out, "/{}", dst.prefix_len());
        });
        self.protocol.push(protocol(flow.port));
        self.port.push(match flow.port {
            Some(Port::Tcp(port) | Port::Udp(port)) => Some(i32::from(port)),
            _ => None,
        });
        self.group.push(fixed(flow.group));
        self.class.push(fixed(flow.class));
        self.packets.push(flow.packets as i64);
        self.bytes.push(flow.bytes as i64);
        self.sources.push(flow.sources as i64);
        self.country.push(origin.country, |country, out| out.push_str(&country));
        self.asn.push(origin.asn.map(u32::cast_signed));
    }

    /// Writes the columns, and is empty then.
    fn write<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        let mut rows = std::mem::take(self);
        let mut number = 0;
        while let Some(mut column) = group.next_column()? {
            match number {
                0 => column.typed::<Int64Type>().write_batch(&rows.minute, None, None)?,
                1 => rows.src.write(column.typed::<ByteArrayType>())?,
                2 => rows.dst.write(column.typed::<ByteArrayType>())?,
                3 => column.typed::<ByteArrayType>().write_batch(&rows.protocol, None, None)?,
                4 => column.typed::<Int32Type>().write_batch(
                    &rows.port.values,
                    Some(&rows.port.levels),
                    None,
                )?,
                5 => column.typed::<ByteArrayType>().write_batch(&rows.group, None, None)?,
                6 => column.typed::<ByteArrayType>().write_batch(&rows.class, None, None)?,
                7 => column.typed::<Int64Type>().write_batch(&rows.packets, None, None)?,
                8 => column.typed::<Int64Type>().write_batch(&rows.bytes, None, None)?,
                9 => column.typed::<Int64Type>().write_batch(&rows.sources, None, None)?,
                10 => rows.country.write(column.typed::<ByteArrayType>())?,
                _ => column.typed::<Int32Type>().write_batch(
                    &rows.asn.values,
                    Some(&rows.asn.levels),
                    None,
                )?,
            };
            column.close()?;
            number += 1;
        }
        Ok(())
    }
}

/// Values that may be missing, as the format wants them: those that are there, and for each
/// row whether it has one.
#[derive(Default)]
struct Optional<T> {
    values: Vec<T>,
    levels: Vec<i16>,
}

impl<T> Optional<T> {
    fn push(&mut self, value: Option<T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }
}

/// Texts that may be missing, one behind the other: no allocation for each.
#[derive(Default)]
struct Texts {
    bytes: String,
    places: Optional<Range<usize>>,
}

impl Texts {
    fn push<T>(&mut self, value: Option<T>, print: impl FnOnce(T, &mut String)) {
        let begin = self.bytes.len();
        let place = value.map(|value| {
            print(value, &mut self.bytes);
            begin..self.bytes.len()
        });
        self.places.push(place);
    }

    /// Writes them, and has none then.
    fn write(
        &mut self,
        column: &mut parquet::column::writer::ColumnWriterImpl<'_, ByteArrayType>,
    ) -> Result<usize, ParquetError> {
        let bytes = Bytes::from(std::mem::take(&mut self.bytes));
        let places = std::mem::take(&mut self.places.values).into_iter();
        let values: Vec<_> = places.map(|place| ByteArray::from(bytes.slice(place))).collect();
        column.write_batch(&values, Some(&self.places.levels), None)
    }
}

fn fixed(text: &'static str) -> ByteArray {
    Bytes::from_static(text.as_bytes()).into()
}

fn protocol(port: Option<Port>) -> ByteArray {
    match port {
        Some(Port::Tcp(_)) => fixed("tcp"),
        Some(Port::Udp(_)) => fixed("udp"),
        Some(Port::Icmp) => fixed("icmp"),
        Some(Port::Protocol(number)) => number.to_string().into_bytes().into(),
        None => fixed("any"),
    }
}

/// An address; those of IPv4 without the detour of the formatting machinery.
fn address(address: IpAddr, out: &mut String) {
    let IpAddr::V4(address) = address else {
        let _ = write!(out, "{address}");
        return;
    };
    for (place, byte) in address.octets().into_iter().enumerate() {
        if place > 0 {
            out.push('.');
        }
        if byte >= 100 {
            out.push(char::from(b'0' + byte / 100));
        }
        if byte >= 10 {
            out.push(char::from(b'0' + byte / 10 % 10));
        }
        out.push(char::from(b'0' + byte % 10));
    }
}

#[cfg(test)]
mod tests {
    use super::address;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn addresses_are_written_as_they_are_everywhere() {
        for number in (0..u32::MAX - 70_000).step_by(65_519) {
            let expected = IpAddr::V4(Ipv4Addr::from(number));
            let mut text = String::new();
            address(expected, &mut text);
            assert_eq!(text, expected.to_string());
        }
        let mut text = String::new();
        address("2001:db8::1".parse().expect("an address"), &mut text);
        assert_eq!(text, "2001:db8::1");
    }
}
