//! Chats: `irssi` in a channel with a key.

use super::client;
use crate::support::internet::VirtualInternet;
use crate::support::network::in_own_world;

#[test]
fn a_client_joins_a_channel_with_a_key_and_talks() {
    in_own_world("internet::chat::a_client_joins_a_channel_with_a_key_and_talks");
    let internet = VirtualInternet::start("");
    client(
        &internet,
        "mkdir -p irssi
         cat > irssi/config <<'END'
servers = ( { address = \"irc.botnet.example\"; chatnet = \"net\"; port = \"6667\"; autoconnect = \"yes\"; } );
chatnets = { net = { type = \"IRC\"; nick = \"bot77\"; }; };
channels = ( { name = \"#owned\"; chatnet = \"net\"; password = \"s3cret\"; autojoin = \"yes\"; } );
settings = { core = { real_name = \"bot\"; user_name = \"bot\"; }; };
END
         (sleep 6; echo '/msg #owned ready for orders'; sleep 3; echo /quit; sleep 1) \
             | TERM=xterm timeout 30 script -qec 'irssi --home=irssi' typescript >/dev/null 2>&1 || true",
    );
    internet.events("service.request", |asked| {
        asked.iter().any(|event| {
            event["protocol"] == "irc"
                && event["request"] == "JOIN"
                && event["detail"]
                    .as_str()
                    .is_some_and(|text| text.contains("#owned") && text.contains("s3cret"))
        })
    });
    let said = internet.events("chat.message", |said| {
        said.iter().any(|event| event["text"] == "ready for orders")
    });
    assert!(said.iter().any(|event| event["target"] == "#owned"), "{said:?}");
}
