//! The bank's command line, as somebody new to it uses it: rightly and wrongly.

#[path = "http/bank.rs"]
#[expect(dead_code, reason = "the tests over HTTP ask for more")]
mod bank;
#[path = "command_line/looking.rs"]
mod looking;
#[path = "command_line/running.rs"]
mod running;
#[path = "command_line/shell.rs"]
mod shell;
#[path = "command_line/views.rs"]
mod views;
