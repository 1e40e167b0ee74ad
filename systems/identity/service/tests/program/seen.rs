//! What people see: every page in a real browser, in Korean and in English, with scripts and without,
//! with a mouse and with a keyboard; and a second factor whose key is read from its picture.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::thread::JoinHandle;

use ondol_testkit::browser::{Browser, BrowserOptions};
use tokio::runtime::Runtime;

use crate::provider::Program;
use crate::totp;
use crate::visitor::{PASSWORD, now};

const EMAIL: &str = "kim@example.kr";
const STRONG: &str = "urn:ondol:acr:2fa";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";

/// What pages are called, in a language.
struct Words {
    tag: &'static str,
    languages: &'static str,
    titles: [&'static str; 6],
}

const KOREAN: Words = Words {
    tag: "ko",
    languages: "ko-KR,ko;q=0.9,en;q=0.5",
    titles: [
        "회원가입",
        "로그인",
        "내 계정",
        "2단계 인증",
        "접근을 허용할까요?",
        "2단계 인증 켜기",
    ],
};
const ENGLISH: Words = Words {
    tag: "en",
    languages: "en-US,en;q=0.9",
    titles: [
        "Register",
        "Sign in",
        "Your account",
        "Second step",
        "Allow access?",
        "Turn on the second step",
    ],
};

/// A person in front of a browser, and the program that he looks at.
struct Seat {
    browser: Browser,
    program: Program,
    words: &'static Words,
    pictures: PathBuf,
    seen: usize,
}

impl Seat {
    fn take(runtime: &Runtime, words: &'static Words, name: &str, more: BrowserOptions) -> Self {
        let program = runtime.block_on(Program::start());
        let options = BrowserOptions { languages: words.languages, ..more };
        let browser = Browser::start(options).expect("Chromium: `cargo xtask test` installs it");
        let pictures = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages").join(name);
        std::fs::create_dir_all(&pictures).expect("a folder");
        Self { browser, program, words, pictures, seen: 0 }
    }

    fn go(&mut self, path: &str) {
        self.browser.go(&format!("{}{path}", self.program.issuer)).expect("a page");
    }

    /// Looks at the page: it has this title, its language, fits into the window, and everything on it
    /// has a name. A picture of it is kept for whoever wants to see it.
    fn sees(&mut self, title: &str) {
        let mut look = |expression: &str| self.browser.look(expression).expect("an answer");
        let heading = look("document.querySelector('h1')?.innerText ?? document.body.innerText");
        assert_eq!(heading, title, "at {}", look("location.href"));
        assert_eq!(look("document.documentElement.lang"), self.words.tag);
        let (wide, window) =
            (look("document.documentElement.scrollWidth"), look("window.innerWidth"));
        assert!(wide.as_u64() <= window.as_u64(), "{title}: {wide} wide in a window of {window}");
        for (role, name) in self.browser.read_aloud().expect("what is read aloud") {
            let has_name = ["textbox", "button", "link", "image"].contains(&role.as_str());
            assert!(!has_name || !name.is_empty(), "{title}: a {role} without a name");
        }
        self.seen += 1;
        let picture = self.browser.picture().expect("a picture");
        let file = self.pictures.join(format!("{:02}.png", self.seen));
        std::fs::write(file, picture).expect("it can be kept");
    }

    fn fill(&mut self, pairs: &[(&str, &str)]) {
        for (field, text) in pairs {
            self.browser.fill(field, text).expect("a field");
        }
    }

    fn press_button(&mut self) {
        self.browser.follow("main button").expect("a page that follows");
    }

    /// Registers, and shows that the address is one's own.
    fn joins(&mut self) {
        self.go("/register");
        self.sees(self.words.titles[0]);
        self.fill(&[("#name", "김온돌"), ("#email", EMAIL), ("#password", PASSWORD)]);
        self.press_button();
        let token = self.program.token_in_mail(EMAIL);
        self.go(&format!("/verify?token={token}"));
        self.press_button();
        self.go("/account");
        self.sees(self.words.titles[1]);
        self.fill(&[("#email", EMAIL), ("#password", PASSWORD)]);
        self.press_button();
        self.sees(self.words.titles[2]);
        let text = self.browser.text().expect("a text");
        assert!(text.contains("김온돌") && text.contains(EMAIL), "{text}");
    }

    /// Turns the second factor on with the key that its picture shows.
    fn enrols(&mut self) -> Vec<u8> {
        self.fill(&[("#factor-password", PASSWORD)]);
        self.browser.follow("form:has(#factor-password) button").expect("a page");
        self.sees(self.words.titles[5]);
        let picture = self.browser.picture().expect("a picture");
        let address = in_picture(&picture);
        let account = format!("otpauth://totp/Ondol:{EMAIL}?secret=");
        let (_, rest) = address.split_once(&account).unwrap_or_else(|| unreachable!("{address}"));
        let key = totp::base32(rest.split('&').next().expect("a key"));
        let number = totp::number(&key, now());
        self.fill(&[("#number", &number)]);
        self.press_button();
        self.sees(self.words.titles[2]);
        key
    }

    fn signs_out(&mut self) {
        let button = "form:has([value='sign-out']) button";
        self.browser.follow(button).expect("a page");
    }
}

/// What a client on the same machine asks for.
fn asking(back: SocketAddr) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
    let challenge = ondol_auth::encode(digest);
    let back = format!("http://{back}/back");
    let pairs = [
        ("client_id", "mobile"),
        ("redirect_uri", back.as_str()),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "s"),
        ("acr_values", STRONG),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    format!("/oauth2/authorize?{}", serde_urlencoded::to_string(pairs).expect("a query"))
}

/// A client on the same machine that waits for its user to come back.
fn client() -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let waits = std::thread::spawn(move || {
        loop {
            let (mut stream, _from) = listener.accept().expect("somebody");
            let mut head = [0; 4096];
            let read = stream.read(&mut head).expect("a request");
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\
                          content-length: 15\r\n\r\n<h1>Thanks</h1>";
            stream.write_all(answer.as_bytes()).expect("it listens");
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            if path.starts_with("/back") {
                return path;
            }
        }
    });
    (address, waits)
}

/// The text of the code that a picture shows, as a camera reads it.
fn in_picture(png: &[u8]) -> String {
    let file = tempfile::Builder::new().suffix(".png").tempfile().expect("a file");
    std::fs::write(file.path(), png).expect("it can be written");
    let mut reader = std::process::Command::new("zbarimg");
    let read = reader.args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(file.path());
    let read = read.output().expect("zbarimg: `cargo xtask test --only needs` installs it");
    String::from_utf8(read.stdout).expect("text").trim().to_owned()
}

/// Everything that a person does, until a client has what it needs.
fn a_person_signs_in(words: &'static Words, name: &str, more: BrowserOptions) {
    let runtime = Runtime::new().expect("a runtime");
    let mut seat = Seat::take(&runtime, words, name, more);
    seat.joins();
    let key = seat.enrols();
    seat.signs_out();
    let (back, waits) = client();
    seat.go(&asking(back));
    seat.sees(seat.words.titles[1]);
    seat.fill(&[("#email", EMAIL), ("#password", "a wrong password")]);
    seat.press_button();
    seat.sees(seat.words.titles[1]);
    let kept = seat.browser.look("document.querySelector('#email').value").expect("a field");
    assert_eq!(kept, EMAIL, "he need not type it again");
    seat.fill(&[("#password", PASSWORD)]);
    seat.press_button();
    seat.sees(seat.words.titles[3]);
    // A number counts once, and this half minute's has been used; a clock may be a step ahead.
    seat.fill(&[("#number", &totp::number(&key, now() + 30))]);
    seat.press_button();
    seat.sees(seat.words.titles[4]);
    let text = seat.browser.text().expect("a text");
    assert!(text.contains("Ondol 은행 앱"), "{text}");
    seat.press_button();
    let came = waits.join().expect("he came back");
    assert!(came.contains("code=") && came.contains("state=s"), "{came}");
    let code = came.split_once("code=").and_then(|(_, rest)| rest.split('&').next());
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", "mobile"),
        ("code", code.expect("a code")),
        ("redirect_uri", &format!("http://{back}/back")),
        ("code_verifier", VERIFIER),
    ];
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let body = serde_urlencoded::to_string(redeem).expect("a form");
    let address = format!("{}/oauth2/token", seat.program.issuer);
    let tokens = seat.program.send(http::Method::POST, &address, &headers, body);
    let tokens = runtime.block_on(tokens).json();
    let claims = tokens["id_token"].as_str().and_then(|token| token.split('.').nth(1));
    let claims = ondol_auth::decode_strict(claims.expect("an ID token")).expect("base64url");
    let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["acr"], STRONG);
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    runtime.block_on(seat.program.stop());
}

#[test]
fn a_person_signs_in_with_a_second_factor_in_korean() {
    a_person_signs_in(&KOREAN, "ko", BrowserOptions::default());
}

#[test]
fn a_person_signs_in_with_a_second_factor_in_english_without_a_script_on_a_telephone() {
    let telephone =
        BrowserOptions { scripts: false, width: 320, height: 640, dark: true, languages: "" };
    a_person_signs_in(&ENGLISH, "en-plain", telephone);
}

#[test]
fn a_person_signs_in_with_nothing_but_a_keyboard() {
    let runtime = Runtime::new().expect("a runtime");
    let mut seat = Seat::take(&runtime, &KOREAN, "keyboard", BrowserOptions::default());
    seat.joins();
    seat.signs_out();
    seat.go("/account");
    let focus = "document.activeElement.id || document.activeElement.className || \
                 document.activeElement.tagName";
    let mut places = Vec::new();
    for text in ["", EMAIL, PASSWORD] {
        seat.browser.press("Tab").expect("a key");
        places.push(seat.browser.look(focus).expect("what has the focus"));
        if !text.is_empty() {
            seat.browser.write(text).expect("letters");
        }
    }
    assert_eq!(places, ["skip", "email", "password"], "in the order in which it is read");
    seat.browser.enter().expect("a page");
    seat.sees("내 계정");
    runtime.block_on(seat.program.stop());
}

#[test]
fn every_other_page_is_whole_in_both_languages() {
    for words in [&KOREAN, &ENGLISH] {
        let runtime = Runtime::new().expect("a runtime");
        let name = format!("{}-others", words.tag);
        let narrow = BrowserOptions { width: 320, height: 640, ..BrowserOptions::default() };
        let mut seat = Seat::take(&runtime, words, &name, narrow);
        seat.joins();
        let shown = |seat: &mut Seat| {
            let title = seat.browser.look("document.querySelector('h1').innerText");
            let title = title.expect("a title").as_str().unwrap_or_default().to_owned();
            seat.sees(&title);
            assert!(!title.is_empty());
        };
        for path in [
            "/register",
            "/forgotten",
            "/reset?token=x",
            "/verify?token=x",
            "/device",
            "/oauth2/authorize?client_id=nobody",
            "/oauth2/logout",
        ] {
            seat.go(path);
            shown(&mut seat);
        }
        seat.go("/device");
        seat.fill(&[("#user_code", "BBBB-BBBB")]);
        seat.press_button();
        shown(&mut seat);
        seat.go("/account");
        seat.fill(&[("#forget-password", PASSWORD)]);
        seat.browser.follow("form:has(#forget-password) button").expect("a page");
        shown(&mut seat);
        runtime.block_on(seat.program.stop());
    }
}
