//! Whose request it is, seen through the proxies we were told to trust.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::HeaderMap;
use ipnet::IpNet;

use super::AppState;

/// The address requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

/// Puts the [`ClientAddress`] into the request.
pub async fn resolve(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical();
    let address = behind_proxies(peer, request.headers(), &state.trusted_proxies);
    request.extensions_mut().insert(ClientAddress(network(address)));
    next.run(request).await
}

/// The last address of `X-Forwarded-For` that is not itself a trusted proxy; strangers can write
/// whatever they like to the left of it.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_trusted(peer) {
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
        let Ok(next) = part.trim().parse::<IpAddr>() else { break };
        address = next.to_canonical();
        if !is_trusted(address) {
            break;
        }
    }
    address
}

/// One IPv6 customer holds a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
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
    fn an_ipv6_client_is_its_network() {
        let address = "2001:db8:1:2:3:4:5:6".parse().expect("an address");
        assert_eq!(network(address).to_string(), "2001:db8:1:2::");
    }
}
