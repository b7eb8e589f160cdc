//! OpenSSH's extensions (its file PROTOCOL, section 4).

use super::request::Sent;
use super::wire::{Put, Reader};
use super::{FAILURE, NO_SUCH_FILE, OK, OP_UNSUPPORTED, Reply, Sftp};
use crate::limits::{SFTP_HANDLES, SFTP_PACKET_BYTES, SFTP_READ_BYTES};
use ukai_model::FileOperation;

/// Name and version of each, as OpenSSH 9.2 lists them.
pub(super) const ANNOUNCED: [(&str, &str); 11] = [
    ("posix-rename@openssh.com", "1"),
    ("statvfs@openssh.com", "2"),
    ("fstatvfs@openssh.com", "2"),
    ("hardlink@openssh.com", "1"),
    ("fsync@openssh.com", "1"),
    ("lsetstat@openssh.com", "1"),
    ("limits@openssh.com", "1"),
    ("expand-path@openssh.com", "1"),
    ("copy-data", "1"),
    ("home-directory", "1"),
    ("users-groups-by-id@openssh.com", "1"),
];

impl Sftp {
    pub(super) fn extended(&mut self, reader: &mut Reader<'_>) -> Option<Reply> {
        Some(match reader.string()? {
            b"posix-rename@openssh.com" => {
                let from = self.absolute(reader.string()?);
                let to = self.absolute(reader.string()?);
                let result = self.disk.rename(&from, &to);
                self.done(FileOperation::Rename, &to, result)
            }
            b"statvfs@openssh.com" => {
                let path = self.absolute(reader.string()?);
                match self.disk.info(&path, true) {
                    Ok(_) => self.volume(),
                    Err(error) => Err(error).into(),
                }
            }
            b"fstatvfs@openssh.com" => match self.path_of(reader.string()?) {
                Some(_) => self.volume(),
                None => Reply::Status(FAILURE),
            },
            b"hardlink@openssh.com" => {
                let from = self.absolute(reader.string()?);
                let to = self.absolute(reader.string()?);
                let result = self.disk.add_name(&from, &to);
                self.done(FileOperation::Link, &to, result)
            }
            b"fsync@openssh.com" => {
                let known = self.path_of(reader.string()?).is_some();
                Reply::Status(if known { OK } else { NO_SUCH_FILE })
            }
            b"lsetstat@openssh.com" => {
                let path = self.absolute(reader.string()?);
                let sent = Sent::read(reader)?;
                let result = match self.disk.link(&path) {
                    // What a link is allowed is not looked at.
                    Ok(_) => Ok(()),
                    Err(_) => self.disk.change(&path, &sent.change),
                };
                self.done(FileOperation::Attributes, &path, result)
            }
            b"limits@openssh.com" => {
                let mut body = Vec::with_capacity(32);
                body.put_u64(SFTP_PACKET_BYTES as u64);
                body.put_u64(SFTP_READ_BYTES as u64);
                body.put_u64(SFTP_READ_BYTES as u64);
                body.put_u64(SFTP_HANDLES as u64);
                Reply::Extended(body)
            }
            b"expand-path@openssh.com" => {
                let path = reader.string()?;
                match path.strip_prefix(b"~") {
                    Some(rest) if rest.is_empty() || rest.starts_with(b"/") => {
                        self.real_path(&[&self.home[..], rest].concat())
                    }
                    _ => self.real_path(path),
                }
            }
            b"copy-data" => self.copy_data(reader)?,
            b"home-directory" => {
                let name = reader.string()?;
                match self.host.persona.user(name) {
                    Some(user) => Reply::Name(user.home.clone().into_bytes()),
                    None => Reply::Status(NO_SUCH_FILE),
                }
            }
            b"users-groups-by-id@openssh.com" => {
                let (uids, gids) = (reader.string()?, reader.string()?);
                let groups = self.groups();
                let (mut users, mut names) = (Vec::new(), Vec::new());
                for uid in uids.chunks_exact(4) {
                    let uid = Reader::new(uid).u32()?;
                    users.put_string(self.user_name(uid).unwrap_or_default().as_bytes());
                }
                for gid in gids.chunks_exact(4) {
                    let gid = Reader::new(gid).u32()?;
                    let name = groups.iter().find(|(known, _)| *known == gid);
                    names.put_string(name.map_or("", |(_, name)| name).as_bytes());
                }
                let mut body = Vec::new();
                body.put_string(&users);
                body.put_string(&names);
                Reply::Extended(body)
            }
            _ => Reply::Status(OP_UNSUPPORTED),
        })
    }

    /// `struct statvfs` of the root.
    fn volume(&self) -> Reply {
        const BLOCK_KB: u64 = 4;
        let root = self.host.persona.mounts.iter().find(|mount| mount.point == "/");
        let (total, used) = root.map_or((0, 0), |mount| (mount.size_kb, mount.used_kb));
        let (blocks, free) = (total / BLOCK_KB, total.saturating_sub(used) / BLOCK_KB);
        let nodes = blocks / 4;
        let mut body = Vec::with_capacity(88);
        let reserved = blocks / 20;
        for number in [
            BLOCK_KB * 1024,
            BLOCK_KB * 1024,
            blocks,
            free,
            free.saturating_sub(reserved),
            nodes,
            nodes - nodes / 12,
            nodes - nodes / 12,
            self.host.seed >> 1,
            0,
            255,
        ] {
            body.put_u64(number);
        }
        Reply::Extended(body)
    }
}
