// SPDX-License-Identifier: GPL-2.0
//! Leaks a descriptor in a method that gives up what the standard library has opened for it.
//! With an argument it closes it.
use std::fs::File;
use std::io::Result;
use std::os::unix::io::{FromRawFd, IntoRawFd, RawFd};
use std::{env, thread, time::Duration};

struct Store {
    kept: Vec<RawFd>,
}

impl Store {
    #[inline(never)]
    fn forget_log(&mut self, path: &str) -> Result<RawFd> {
        let fd = File::open(path)?.into_raw_fd();
        self.kept.push(fd);
        Ok(fd)
    }
}

fn main() -> Result<()> {
    let mut store = Store { kept: Vec::new() };
    let closes = env::args().len() > 1;
    loop {
        let fd = store.forget_log("/dev/null")?;
        if closes {
            drop(unsafe { File::from_raw_fd(fd) });
        }
        thread::sleep(Duration::from_millis(40));
    }
}
