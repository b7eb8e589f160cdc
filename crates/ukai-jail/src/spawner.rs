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

struct Order {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// Starts `command` from the lasting thread; its pipes belong to the caller's runtime.
pub(crate) async fn spawn(command: Command) -> io::Result<Child> {
    static ORDERS: OnceLock<Option<mpsc::Sender<Order>>> = OnceLock::new();
    let gone = || io::Error::other("the thread that starts children is gone");
    let orders = ORDERS.get_or_init(start_thread).as_ref().ok_or_else(gone)?;
    let (reply, answer) = oneshot::channel();
    orders.send(Order { command, runtime: Handle::current(), reply }).map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}

fn start_thread() -> Option<mpsc::Sender<Order>> {
    let (sender, receiver) = mpsc::channel::<Order>();
    let work = move || {
        for Order { mut command, runtime, reply } in receiver {
            let _context = runtime.enter();
            // If the caller has gone meanwhile, dropping the child kills it.
            let _ = reply.send(command.spawn());
        }
    };
    std::thread::Builder::new().name("jail-spawner".to_owned()).spawn(work).ok()?;
    Some(sender)
}
