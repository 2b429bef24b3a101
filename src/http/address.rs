//! Addresses, as requests and connections are counted by them.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

/// The address requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

pub(super) fn is_among(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// One IPv6 customer holds a whole /64.
pub(super) fn network(address: IpAddr) -> IpAddr {
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

    #[test]
    fn an_ipv6_client_is_its_network() {
        let address = "2001:db8:1:2:3:4:5:6".parse().expect("an address");
        assert_eq!(network(address).to_string(), "2001:db8:1:2::");
    }
}
