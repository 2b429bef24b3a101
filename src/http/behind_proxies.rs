//! Whose request it is, seen through the proxies we were told to trust.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::HeaderMap;
use ipnet::IpNet;

use super::{
    address::{ClientAddress, is_among, network},
    state::AppState,
};

/// Puts the [`ClientAddress`] into the request.
pub(crate) fn resolve(state: &AppState, mut request: Request) -> Request {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical();
    if request.headers().contains_key("x-forwarded-for") && !is_among(&state.trusted_proxies, peer) {
        state.notices.unnamed_proxy(peer);
    }
    let address = behind_proxies(peer, request.headers(), &state.trusted_proxies);
    request.extensions_mut().insert(ClientAddress(network(address)));
    request
}

/// The last address of `X-Forwarded-For` that is not itself a trusted proxy; strangers can write
/// whatever they like to the left of it.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    if !is_among(trusted, peer) {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut address = peer;
    for part in forwarded.iter().rev() {
        let Some(next) = forwarded_address(part.trim()) else { break };
        address = next.to_canonical();
        if !is_among(trusted, address) {
            break;
        }
    }
    address
}

/// Azure's and other gateways write the port as well, and an IPv6 address then, or always, in brackets.
fn forwarded_address(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port).or_else(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &str) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header value"));
        }
        let trusted = [trusted.parse::<IpNet>().expect("a network")];
        behind_proxies(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn strangers_cannot_choose_their_address() {
        assert_eq!(seen("203.0.113.9", &["1.2.3.4"], "10.0.0.0/8"), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 203.0.113.9"], "10.0.0.0/8"), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "203.0.113.9, 10.0.0.2"], "10.0.0.0/8"), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["nonsense"], "10.0.0.0/8"), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[], "10.0.0.0/8"), "10.0.0.1");
    }

    #[test]
    fn a_port_behind_the_address_is_no_part_of_it() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.7:43210"], "10.0.0.0/8"), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::7]:43210"], "10.0.0.0/8"), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::7]"], "10.0.0.0/8"), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9:1, 10.0.0.2:43210"], "10.0.0.0/8"), "203.0.113.9");
        for nonsense in ["198.51.100.7:", "198.51.100.7:99999", "[198.51.100.7]", "[2001:db8::7", "unknown", ""] {
            assert_eq!(seen("10.0.0.1", &[nonsense], "10.0.0.0/8"), "10.0.0.1", "{nonsense}");
        }
    }
}
