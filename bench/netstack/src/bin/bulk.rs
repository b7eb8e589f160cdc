//! The kernel's sockets: says zeros to whoever connects, or hears them and tells how fast they
//! come, in Gbit/s; or asks in a hundred connections in turn and wants its words back: how many
//! times per second, in the first half of the time and in the second.
//!
//! ```text
//! bulk serve ADDRESS:PORT SECONDS | bulk hear ADDRESS:PORT SECONDS | bulk ask ADDRESS:PORT SECONDS
//! ```

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, address, seconds] = &arguments[..] else {
        panic!("bulk serve|hear|ask ADDRESS:PORT SECONDS")
    };
    let time = Duration::from_secs(seconds.parse().expect("seconds"));
    let begin = Instant::now();
    match what.as_str() {
        "serve" => {
            let listener = TcpListener::bind(address).expect("a port");
            let (mut stream, _) = listener.accept().expect("a client");
            let zeros = vec![0; 1 << 18];
            while begin.elapsed() < time && stream.write_all(&zeros).is_ok() {}
        }
        "hear" => {
            let mut stream = TcpStream::connect(address).expect("a server");
            let mut buffer = vec![0; 1 << 18];
            let (mut heard, begin) = (0_u64, Instant::now());
            while begin.elapsed() < time {
                match stream.read(&mut buffer).expect("more") {
                    0 => break,
                    count => heard += count as u64,
                }
            }
            println!("{:.2}", heard as f64 * 8.0 / 1e9 / begin.elapsed().as_secs_f64());
        }
        _ => {
            let mut streams: Vec<TcpStream> =
                (0..100).map(|_| TcpStream::connect(address).expect("a server")).collect();
            let (mut asked, mut number, begin) = ([0_u64; 2], 0_u32, Instant::now());
            while begin.elapsed() < time {
                for stream in &mut streams {
                    number += 1;
                    stream.write_all(&number.to_be_bytes()).expect("it is taken");
                    let mut answer = [0; 4];
                    stream.read_exact(&mut answer).expect("an answer");
                    assert_eq!(answer, number.to_be_bytes(), "what was said");
                    asked[usize::from(begin.elapsed() > time / 2)] += 1;
                }
            }
            let half = time.as_secs_f64() / 2.0;
            println!("{:.0} {:.0}", asked[0] as f64 / half, asked[1] as f64 / half);
        }
    }
}
