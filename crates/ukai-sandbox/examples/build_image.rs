//! `build_image FOLDER`: the guest's image, and what is told on the way.
use ukai_sandbox::image::{Order, build};

fn main() {
    let folder = std::env::args_os().nth(1).expect("a folder").into();
    let order = Order { folder, ..Order::default() };
    match build(&order, &mut |progress| println!("{progress:?}")) {
        Ok(manifest) => println!("{:#?}", manifest.files),
        Err(error) => panic!("{error}"),
    }
}
