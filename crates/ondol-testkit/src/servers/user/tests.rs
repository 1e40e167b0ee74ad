//! Users of made-up systems.

use super::*;

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/:/sbin/nologin\npostgres-old:x:7:7::/:\n";

#[test]
fn a_user_is_found_by_its_whole_name() {
    assert_eq!(in_passwd(PASSWD, "nobody"), Some(User::Other { uid: 65534, gid: 65533 }));
    assert_eq!(in_passwd(PASSWD, "postgres"), None);
}

#[test]
fn a_server_never_runs_as_root() {
    let user = User::for_servers().expect("this system has users");
    assert_ne!(user.uid().expect("a number"), 0);
}
