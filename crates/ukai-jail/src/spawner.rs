//! The thread that starts children.
//!
//! The kernel kills a child when the *thread* that started it ends, not only the process
//! (`PR_SET_PDEATHSIG`). Threads of an asynchronous runtime come and go, so children are
//! started by one thread that stays. Starting is also the only blocking step of a run.

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// What that thread is to do.
type Order = Box<dyn FnOnce() + Send>;

/// Starts `command` from the lasting thread; its pipes belong to the caller's runtime.
pub(crate) async fn spawn(mut command: Command) -> io::Result<Child> {
    let runtime = Handle::current();
    on_thread(move || {
        let _context = runtime.enter();
        // If the caller has gone meanwhile, dropping the child kills it.
        command.spawn()
    })
    .await
}

/// Starts a process that outlives its caller's runtime.
pub(crate) async fn spawn_lasting(
    mut command: std::process::Command,
) -> io::Result<std::process::Child> {
    on_thread(move || command.spawn()).await
}

async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    static ORDERS: OnceLock<Option<mpsc::Sender<Order>>> = OnceLock::new();
    let gone = || io::Error::other("the thread that starts children is gone");
    let orders = ORDERS.get_or_init(start_thread).as_ref().ok_or_else(gone)?;
    let (reply, answer) = oneshot::channel();
    let order = Box::new(move || drop(reply.send(work())));
    orders.send(order).map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}

fn start_thread() -> Option<mpsc::Sender<Order>> {
    let (sender, receiver) = mpsc::channel::<Order>();
    let work = move || receiver.into_iter().for_each(|order| order());
    std::thread::Builder::new().name("jail-spawner".to_owned()).spawn(work).ok()?;
    Some(sender)
}
