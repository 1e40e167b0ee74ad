//! The texts of `/proc` as they look on a real machine.

use super::*;

#[test]
fn the_longest_mount_holds_the_folder() {
    let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/data xfs rw 0 0\n";
    let on = |folder: &str| filesystem(mounts, Path::new(folder)).expect("the root holds it");
    assert_eq!(on("/tmp/data/log"), "xfs on /dev/vdb");
    assert_eq!(on("/tmp/database"), "tmpfs on tmpfs");
    assert_eq!(on("/home"), "ext4 on /dev/vda");
}

#[test]
fn the_first_cpu_names_them_all() {
    let cpuinfo =
        "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nprocessor\t: 1\nmodel name\t: Other\n";
    assert_eq!(field(cpuinfo, "model name").as_deref(), Some("Some CPU @ 2.00GHz"));
}

#[test]
fn memory_is_said_in_mebibytes() {
    assert_eq!(mebibytes("8123456 kB").as_deref(), Some("7,933 MiB"));
}

#[test]
fn this_machine_can_be_described() {
    let machine = Machine::here(&std::env::temp_dir());
    assert!(machine.cores >= 1);
    assert!(!machine.kernel.is_empty());
}
