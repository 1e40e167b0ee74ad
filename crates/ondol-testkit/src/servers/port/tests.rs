//! Ports are given once, free, and from where no connection goes out.

use std::collections::BTreeSet;

use super::*;

#[test]
fn no_port_is_given_twice() {
    let ports: BTreeSet<u16> = (0..100).map(|_| free_port().expect("a port")).collect();
    assert_eq!(ports.len(), 100);
    assert!(ports.iter().all(|port| nobody_listens(*port) && PORTS.contains(port)));
}

#[test]
fn a_port_that_somebody_listens_on_is_not_given() {
    let address = free_address().expect("an address");
    let _listener = TcpListener::bind(address).expect("it is free");
    assert!(!nobody_listens(address.port()));
    let _socket = UdpSocket::bind(address).expect("it is free");
    assert!(!nobody_listens(address.port()));
}

#[test]
fn no_connection_goes_out_from_a_port_that_is_given() {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").expect("Linux");
    let first: u16 = range.split_whitespace().next().expect("two numbers").parse().expect("one");
    assert!(PORTS.end <= first, "this machine gives out {first} and above");
}
