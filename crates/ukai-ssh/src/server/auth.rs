//! Authentication: RFC 4252 and 4256, as OpenSSH's auth2.c and Dropbear's svr-auth.c do
//! it. Who gets in is not decided here.

use super::{Handled, SHORT, Server, Trouble};
use crate::crypto::verify;
use crate::event::{AuthMethod, AuthReply, AuthRequest, KeyProof, Output, ServerEvent};
use crate::limits::{AUTH_REQUESTS_MAX, PROMPTS_MAX};
use crate::message;
use crate::profile::Family;
use crate::wire::{Put, Reader};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

#[derive(Default)]
pub(super) struct Auth {
    /// The service `ssh-userauth` was asked for.
    pub(super) service: bool,
    pub(super) done: bool,
    /// Prompts that wait for their answers.
    pub(super) prompts: u32,
    pending: Option<Pending>,
    requests: u32,
    failures: u32,
    user: Vec<u8>,
    wanted: Vec<u8>,
}

struct Pending {
    none: bool,
    /// PK_OK, if that is what accepting means.
    pk_ok: Option<Vec<u8>>,
    /// Whether it can be accepted at all.
    acceptable: bool,
}

impl Auth {
    pub(super) fn waits(&self) -> bool {
        self.pending.is_some()
    }
}

impl Server {
    pub(super) fn service_request(&mut self, mut body: Reader<'_>) -> Handled {
        let name = body.string().ok_or(SHORT)?;
        let known = name == b"ssh-userauth" || (name == b"ssh-connection" && self.auth.done);
        if !known {
            let text = format!("bad service request {}", String::from_utf8_lossy(name));
            return Err(if self.profile.family == Family::Openssh {
                Trouble::Says("a request for an unknown service", text)
            } else {
                Trouble::Silent("a request for an unknown service")
            });
        }
        self.auth.service = true;
        let mut payload = vec![message::SERVICE_ACCEPT];
        payload.put_string(name);
        self.send_payload(payload);
        Ok(())
    }

    pub(super) fn auth_request(&mut self, body: Reader<'_>, out: &mut Vec<Output>) -> Handled {
        let mut reader = body;
        let user = reader.string().ok_or(SHORT)?;
        let service = reader.string().ok_or(SHORT)?;
        let name = reader.string().ok_or(SHORT)?;
        if self.auth.requests >= AUTH_REQUESTS_MAX {
            return Err(self.too_many());
        }
        self.auth.requests += 1;
        if self.auth.requests > 1
            && self.profile.family == Family::Openssh
            && (user != self.auth.user || service != self.auth.wanted)
        {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            return Err(Trouble::Says(
                "another user in the middle of an authentication",
                format!(
                    "Change of username or service not allowed: ({},{}) -> ({},{})",
                    text(&self.auth.user),
                    text(&self.auth.wanted),
                    text(user),
                    text(service)
                ),
            ));
        }
        self.auth.user = user.to_vec();
        self.auth.wanted = service.to_vec();
        self.auth.prompts = 0;
        let mut pending = Pending { none: name == b"none", pk_ok: None, acceptable: true };
        let copy = Bytes::copy_from_slice;
        let method = match name {
            b"none" => AuthMethod::None,
            b"password" => {
                let change = reader.bool().ok_or(SHORT)?;
                let password = copy(reader.string().ok_or(SHORT)?);
                let new_password =
                    if change { Some(copy(reader.string().ok_or(SHORT)?)) } else { None };
                AuthMethod::Password { password, new_password }
            }
            b"keyboard-interactive" => {
                reader.string().ok_or(SHORT)?;
                let submethods = copy(reader.string().ok_or(SHORT)?);
                AuthMethod::KeyboardInteractive { submethods }
            }
            b"publickey" | b"publickey-hostbound-v00@openssh.com"
                if name == b"publickey" || self.profile.hostbound =>
            {
                self.public_key(name, reader, &mut pending)?
            }
            b"hostbased" => AuthMethod::HostBased {
                algorithm: copy(reader.string().ok_or(SHORT)?),
                blob: copy(reader.string().ok_or(SHORT)?),
                host: copy(reader.string().ok_or(SHORT)?),
                user: copy(reader.string().ok_or(SHORT)?),
            },
            _ => AuthMethod::Other { name: copy(name) },
        };
        // A method that the profile does not offer cannot be accepted.
        let offered = match &method {
            AuthMethod::None => true,
            AuthMethod::PublicKey { .. } => self.offers("publickey"),
            _ => self.offers(&String::from_utf8_lossy(name)),
        };
        pending.acceptable &= offered && service == b"ssh-connection";
        self.auth.pending = Some(pending);
        let request = AuthRequest { user: copy(user), service: copy(service), method };
        self.event(ServerEvent::Auth(Box::new(request)), out);
        Ok(())
    }

    fn offers(&self, method: &str) -> bool {
        self.profile.auth_methods.split(',').any(|offered| offered == method)
    }

    fn public_key(
        &self,
        name: &[u8],
        mut reader: Reader<'_>,
        pending: &mut Pending,
    ) -> Result<AuthMethod, Trouble> {
        let signed = reader.bool().ok_or(SHORT)?;
        let algorithm = reader.string().ok_or(SHORT)?;
        let blob = reader.string().ok_or(SHORT)?;
        let host_key =
            if name == b"publickey" { None } else { Some(reader.string().ok_or(SHORT)?) };
        let signature = if signed {
            let signature = reader.string().ok_or(SHORT)?;
            let mut data = Vec::with_capacity(512 + blob.len());
            data.put_string(self.kex.session());
            data.push(message::USERAUTH_REQUEST);
            data.put_string(&self.auth.user);
            data.put_string(&self.auth.wanted);
            data.put_string(name);
            data.put_bool(true);
            data.put_string(algorithm);
            data.put_string(blob);
            if let Some(host_key) = host_key {
                data.put_string(host_key);
            }
            verify::verify(algorithm, blob, signature, &data)
        } else {
            let mut payload = vec![message::USERAUTH_INFO_REQUEST];
            payload.put_string(algorithm);
            payload.put_string(blob);
            pending.pk_ok = Some(payload);
            KeyProof::Query
        };
        pending.acceptable = matches!(signature, KeyProof::Query | KeyProof::Valid);
        Ok(AuthMethod::PublicKey {
            algorithm: Bytes::copy_from_slice(algorithm),
            blob: Bytes::copy_from_slice(blob),
            fingerprint: format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob))),
            signature,
        })
    }

    pub(super) fn info_response(&mut self, mut body: Reader<'_>, out: &mut Vec<Output>) -> Handled {
        let count = body.u32().ok_or(SHORT)?;
        if count > PROMPTS_MAX {
            return Err(Trouble::Silent("too many answers"));
        }
        let mut responses = Vec::with_capacity(count as usize);
        for _ in 0..count {
            responses.push(Bytes::copy_from_slice(body.string().ok_or(SHORT)?));
        }
        self.auth.prompts = 0;
        self.auth.pending = Some(Pending { none: false, pk_ok: None, acceptable: true });
        let request = AuthRequest {
            user: Bytes::copy_from_slice(&self.auth.user),
            service: Bytes::copy_from_slice(&self.auth.wanted),
            method: AuthMethod::KeyboardResponses(responses),
        };
        self.event(ServerEvent::Auth(Box::new(request)), out);
        Ok(())
    }

    /// Answers the [`ServerEvent::Auth`] that is outstanding; nothing happens if none is.
    pub fn auth_reply(&mut self, reply: AuthReply, out: &mut Vec<Output>) {
        let Some(pending) = self.auth.pending.take() else { return };
        match reply {
            AuthReply::Accept if pending.acceptable => match pending.pk_ok {
                Some(pk_ok) => self.send_payload(pk_ok),
                None => self.welcome(),
            },
            AuthReply::Prompts(prompts) if pending.acceptable => {
                let mut payload = vec![message::USERAUTH_INFO_REQUEST];
                payload.put_string(prompts.name.as_bytes());
                payload.put_string(prompts.instruction.as_bytes());
                payload.put_string(b"");
                payload.put_int(prompts.prompts.len() as u32);
                for (text, echo) in &prompts.prompts {
                    payload.put_string(text.as_bytes());
                    payload.put_bool(*echo);
                }
                self.auth.prompts = prompts.prompts.len().max(1) as u32;
                self.send_payload(payload);
            }
            _ => self.refuse_login(&pending, out),
        }
        self.run(out);
        self.flush(out);
    }

    fn refuse_login(&mut self, pending: &Pending, out: &mut Vec<Output>) {
        // The first attempt without a method is free.
        if !pending.none || (self.auth.requests > 1 && self.profile.family == Family::Openssh) {
            self.auth.failures += 1;
        }
        if self.auth.failures >= self.profile.auth_tries_max {
            match self.too_many() {
                Trouble::Says(what, text) => self.end(what, Some(text), out),
                Trouble::Silent(what) => self.end(what, None, out),
            }
            return;
        }
        let mut payload = vec![message::USERAUTH_FAILURE];
        payload.put_string(self.profile.auth_methods.as_bytes());
        payload.put_bool(false);
        self.send_payload(payload);
    }

    fn too_many(&self) -> Trouble {
        let what = "too many attempts to authenticate";
        match self.profile.family {
            Family::Openssh => Trouble::Says(what, "Too many authentication failures".to_owned()),
            Family::Dropbear => Trouble::Silent(what),
        }
    }

    fn welcome(&mut self) {
        self.send_payload(vec![message::USERAUTH_SUCCESS]);
        self.auth.done = true;
        self.start_delayed_compression();
        if self.profile.announces_host_keys {
            let mut payload = vec![message::GLOBAL_REQUEST];
            payload.put_string(b"hostkeys-00@openssh.com");
            payload.put_bool(false);
            for kind in &self.profile.host_keys {
                payload.put_string(&self.keys.public(*kind));
            }
            self.send_payload(payload);
        }
    }

    /// Sends an SSH_MSG_USERAUTH_BANNER; only before a log-in.
    pub fn auth_banner(&mut self, text: &str, out: &mut Vec<Output>) {
        if self.auth.service && !self.auth.done {
            let mut payload = vec![message::USERAUTH_BANNER];
            payload.put_string(text.as_bytes());
            payload.put_string(b"");
            self.send_payload(payload);
            self.flush(out);
        }
    }
}
