//! `build_image FOLDER [windows]`: the guest's image, and what is told on the way.
use ukai_sandbox::image::{Order, System, build};

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().expect("a folder").into();
    let windows = arguments.next().is_some_and(|word| word == "windows");
    let system = if windows { System::Windows } else { System::Linux };
    let order = Order { folder, system, ..Order::default() };
    match build(&order, &mut |progress| println!("{progress:?}")) {
        Ok(manifest) => println!("{:#?}", manifest.files),
        Err(error) => panic!("{error}"),
    }
}
