//! How fast lost segments come back (RFC 8985), in the virtual clock's time: the same seed
//! gives the same figures on any machine.

use crate::hosts::Everywhere;
use crate::world::{Path, World};
use std::time::Duration;
use ukai_netstack::{Config, FlowId, Hop, Personality, Tuple};
use ukai_packet::ip::Ip;
use ukai_packet::tcp::Tcp;

/// Bytes of a long transfer, and of one segment.
const BYTES: usize = 4_000_000;
const SEGMENT: u64 = 1_448;

/// What a transfer has come to.
#[derive(Debug)]
struct Figures {
    took: Duration,
    megabits_per_second: f64,
    sent_again: u64,
    timeouts: u64,
}

fn world(path: Path, seed: u64, bytes: usize) -> World {
    let hosts = [(); 2].map(|()| Everywhere::new(Personality::linux()));
    let mut world = World::new(Config::default(), hosts, path, seed);
    world.answer = (0..bytes).map(|at| ((at * 31) >> 3) as u8).collect();
    world
}

/// Opens a flow on which only the service talks.
fn open(world: &mut World) -> FlowId {
    let tuple = Tuple {
        local: "192.0.2.1".parse().expect("an address"),
        peer: "198.51.100.2".parse().expect("an address"),
        local_port: 20_000,
        peer_port: 23,
    };
    let flow = world.stacks[0].connect(world.now, tuple, Hop::default()).expect("it can");
    world.listen(flow);
    flow
}

/// Lets the service say all that it has to.
fn transfer(mut world: World) -> Figures {
    let bytes = world.answer.len();
    let begin = world.now;
    let flow = open(&mut world);
    while world.talkers[0][&flow].heard.len() < bytes {
        assert!(!world.run(Duration::from_millis(1)), "it goes on");
    }
    assert!(world.talkers[0][&flow].heard == world.answer, "all and in order");
    let took = world.now.since(begin);
    let statistics = world.stacks[1].statistics();
    let figures = Figures {
        took,
        megabits_per_second: bytes as f64 * 8.0 / 1e6 / took.as_secs_f64(),
        sent_again: statistics.sent_again,
        timeouts: statistics.timeouts,
    };
    println!("{figures:?}");
    figures
}

fn path(milliseconds: u64, lost: u32) -> Path {
    Path { lost, delay: Duration::from_millis(milliseconds), ..Path::CLEAN }
}

/// Decides about the data of the service, by its place and length: whether it is lost.
fn losing(world: &mut World, mut loses: impl FnMut(u64, u64) -> bool + 'static) {
    let mut first = None;
    world.loses = Some(Box::new(move |side, frame| {
        let ip = Ip::parse(frame).expect("a packet");
        let tcp = Tcp::parse(&ip).expect("a segment");
        if side == 0 {
            return false;
        }
        let first = *first.get_or_insert(tcp.seq());
        let place = tcp.seq().wrapping_sub(first).wrapping_sub(1);
        let length = tcp.payload().len() as u64;
        length > 0 && loses(u64::from(place), length)
    }));
}

#[test]
fn what_is_lost_comes_back_without_waiting_for_a_timeout() {
    for (milliseconds, lost, least) in
        [(1, 0, 230.0), (1, 5, 100.0), (1, 20, 40.0), (10, 5, 10.0), (10, 20, 4.0)]
    {
        print!("{milliseconds} ms each way, {lost} of 1,000 lost: ");
        let figures = transfer(world(path(milliseconds, lost), 1, BYTES));
        // Hardly more is sent again than is lost.
        let wanted = BYTES as u64 / SEGMENT * u64::from(lost) / 1_000;
        assert!(figures.megabits_per_second > least, "{figures:?}, {lost} lost");
        assert!(figures.timeouts == 0 && figures.sent_again <= wanted * 3 / 2, "{figures:?}");
    }
}

#[test]
fn what_is_overtaken_is_not_lost() {
    let figures = transfer(world(Path { held: 50, ..path(10, 0) }, 1, BYTES));
    assert!(figures.megabits_per_second > 6.0 && figures.timeouts == 0, "{figures:?}");
    let overtaken = BYTES as u64 / SEGMENT * 50 / 1_000;
    assert!(figures.sent_again < overtaken / 2, "{figures:?}");
}

#[test]
fn a_segment_that_is_lost_again_comes_back_within_round_trips() {
    let whole = transfer(world(path(10, 0), 1, 1_000_000)).took;
    let mut world = world(path(10, 0), 1, 1_000_000);
    let mut left = 2;
    losing(&mut world, move |place, length| {
        let hit = (place..place + length).contains(&30_000) && left > 0;
        left -= u32::from(hit);
        hit
    });
    let figures = transfer(world);
    assert_eq!((figures.sent_again, figures.timeouts), (2, 0), "{figures:?}");
    assert!(figures.took < whole + Duration::from_millis(250), "{figures:?} after {whole:?}");
}

#[test]
fn the_last_segments_are_asked_about_before_a_timeout() {
    let whole = transfer(world(path(10, 0), 1, 100_000)).took;
    let mut world = world(path(10, 0), 1, 100_000);
    let mut left = 3;
    losing(&mut world, move |place, length| {
        let hit = place + length + 2 * SEGMENT >= 100_000 && left > 0;
        left -= u32::from(hit);
        hit
    });
    let figures = transfer(world);
    assert_eq!((figures.sent_again, figures.timeouts), (3, 0), "{figures:?}");
    assert!(figures.took < whole + Duration::from_millis(150), "{figures:?} after {whole:?}");
}

#[test]
fn a_path_that_gets_slow_has_lost_nothing() {
    let mut world = world(path(10, 0), 1, 1_000_000);
    let flow = open(&mut world);
    while world.talkers[0][&flow].heard.len() < 300_000 {
        assert!(!world.run(Duration::from_millis(1)), "it goes on");
    }
    world.path.delay = Duration::from_millis(400);
    world.run(Duration::from_secs(30));
    assert!(world.talkers[0][&flow].heard == world.answer, "all and in order");
    let statistics = *world.stacks[1].statistics();
    // A window of some 45 segments was on its way when all seemed to be lost.
    assert!(statistics.timeouts > 0 && statistics.sent_again <= 4, "{statistics:?}");
}

proptest::proptest! {
    #[test]
    fn whatever_is_lost_on_a_good_path_is_heard_in_the_end(
        seed: u64,
        lost in 0_u32..100,
        held in 0_u32..100,
        doubled in 0_u32..100,
    ) {
        let path = Path { doubled, held, ..path(10, lost) };
        let figures = transfer(world(path, seed, 300_000));
        // As bad as it may be: three quarters of a megabit per second.
        proptest::prop_assert!(figures.took < Duration::from_secs(30), "{:?}", figures);
    }
}
