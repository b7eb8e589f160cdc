//! Log-ins: RFC 4252 and 4256 as `sshd` with PAM and as Dropbear decide on them.

use super::keys;
use super::session::{DELAY, GRACE, SshSession};
use crate::login::{LoginTry, log_in, record};
use crate::{Context, Effect};
use ukai_model::{Duration, PeerText};
use ukai_ssh::profile::Family;
use ukai_ssh::{AuthMethod, AuthReply, AuthRequest, KeyProof, Prompts};

impl SshSession {
    pub(super) fn on_auth(&mut self, cx: &mut Context<'_>, request: &AuthRequest) {
        if !std::mem::replace(&mut self.banner_sent, true) && !self.spec().banner.is_empty() {
            let banner = self.open.host.fill_fixed(&self.spec().banner);
            self.with_server(|server, out| server.auth_banner(&banner, out));
        }
        let user = &request.user[..];
        match &request.method {
            AuthMethod::Password { password, .. } => {
                self.on_password(cx, user, password, None);
            }
            AuthMethod::KeyboardInteractive { .. } => {
                let prompts = AuthReply::Prompts(Prompts::password());
                self.with_server(|server, out| server.auth_reply(prompts, out));
            }
            AuthMethod::KeyboardResponses(responses) => {
                let password = responses.first().cloned().unwrap_or_default();
                self.on_password(cx, user, &password, Some("keyboard-interactive"));
            }
            AuthMethod::PublicKey { algorithm, blob, fingerprint, signature } => {
                let authorised = keys::is_authorised(&self.open, user, blob);
                let accepted = authorised && *signature != KeyProof::Invalid;
                if !(authorised && *signature == KeyProof::Query) {
                    let login = LoginTry {
                        protocol: "ssh",
                        method: Some("publickey"),
                        user,
                        password: b"",
                    };
                    let kind = key_type(algorithm);
                    let mut proof = kind.to_vec();
                    proof.push(b' ');
                    proof.extend_from_slice(fingerprint.as_bytes());
                    let success = accepted && *signature == KeyProof::Valid;
                    record(cx, &self.open, &login, Some(PeerText::truncated(&proof, 256)), success);
                }
                self.answer(user, accepted);
            }
            AuthMethod::None | AuthMethod::HostBased { .. } | AuthMethod::Other { .. } => {
                self.answer(user, false);
            }
        }
    }

    fn on_password(
        &mut self,
        cx: &mut Context<'_>,
        user: &[u8],
        password: &[u8],
        method: Option<&str>,
    ) {
        let login = LoginTry { protocol: "ssh", method, user, password };
        if log_in(cx, &self.open, &login) {
            self.answer(user, true);
            return;
        }
        self.failures += 1;
        let [low, high] = self.spec().failure_delay_ms;
        // libpam adds three random numbers, so that the middle is the likeliest.
        let mut draw =
            self.open.seed ^ u64::from(self.failures).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut sum = 0;
        for _ in 0..3 {
            draw = draw
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            sum += (draw >> 33) % (high - low + 1);
        }
        let delay = Duration::from_millis(low + sum / 3);
        self.refusing = true;
        cx.effects.push(Effect::Timer { id: DELAY, at: cx.now + delay });
    }

    /// A refusal's delay is over.
    pub(super) fn refuse(&mut self) {
        if std::mem::take(&mut self.refusing) {
            self.with_server(|server, out| server.auth_reply(AuthReply::Reject, out));
        }
    }

    fn answer(&mut self, user: &[u8], accepted: bool) {
        let reply = if accepted { AuthReply::Accept } else { AuthReply::Reject };
        if accepted {
            self.user = user.to_vec();
        }
        self.with_server(|server, out| server.auth_reply(reply, out));
    }

    /// The time for the log-in begins.
    pub(super) fn start_grace(&self, cx: &mut Context<'_>) {
        let seconds = u64::from(self.server.profile().login_grace_s);
        if seconds > 0 {
            cx.effects.push(Effect::Timer { id: GRACE, at: cx.now + Duration::from_secs(seconds) });
        }
    }

    pub(super) fn is_openssh(&self) -> bool {
        self.server.profile().family == Family::Openssh
    }
}

/// The type of a key that signs by `algorithm`, as `ssh-keygen -l` and the file have it.
fn key_type(algorithm: &[u8]) -> &[u8] {
    match algorithm {
        b"rsa-sha2-256" | b"rsa-sha2-512" => b"ssh-rsa",
        other => other,
    }
}
