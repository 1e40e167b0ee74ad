//! A person in front of a browser.

use std::path::PathBuf;

use ondol_testkit::browser::{Browser, BrowserOptions};
use serde_json::Value;

use super::town::{Patience, Town};

pub(crate) const KOREAN: &str = "ko-KR,ko;q=0.9,en;q=0.5";
pub(crate) const ENGLISH: &str = "en-US,en;q=0.9";
const EMAIL: &str = "kim@example.kr";
const PASSWORD: &str = "warm floor 2026";

/// Which pictures the documents show, and by which variable it is said where they are put.
pub(crate) const SHOWN: [&str; 4] =
    ["korean-home", "korean-order-delivered", "down-waiting", "phone-home"];
const SHOWN_IN: &str = "ONDOL_PICTURES";

/// A person in front of a browser, and the program that he looks at.
pub(crate) struct Seat {
    pub(crate) browser: Browser,
    pub(crate) town: Town,
    name: String,
    pictures: PathBuf,
    seen: usize,
}

impl Seat {
    pub(crate) fn take(name: &str, options: BrowserOptions) -> Self {
        Self::in_town(Town::begin(), name, options)
    }

    pub(crate) fn in_town(town: Town, name: &str, options: BrowserOptions) -> Self {
        let browser = Browser::start(options).expect("Chromium: `cargo xtask test` installs it");
        let pictures = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("shop").join(name);
        std::fs::create_dir_all(&pictures).expect("a folder");
        Self { browser, town, name: name.to_owned(), pictures, seen: 0 }
    }

    pub(crate) fn go(&mut self, path: &str) {
        self.browser.go(&self.town.address(path)).expect("a page");
    }

    pub(crate) fn look(&mut self, expression: &str) -> Value {
        self.browser.look(expression).expect("an answer")
    }

    pub(crate) fn text(&mut self) -> String {
        self.browser.text().expect("a text")
    }

    pub(crate) fn follow(&mut self, selector: &str) {
        self.browser.follow(selector).unwrap_or_else(|error| {
            unreachable!("{error} at {}", self.browser.text().unwrap_or_default())
        });
    }

    pub(crate) fn fill(&mut self, selector: &str, text: &str) {
        self.browser.fill(selector, text).expect("a field");
    }

    /// Waits until the page says something, without being loaded again.
    pub(crate) fn until_text(&mut self, wanted: &str) {
        let patience = Patience::new();
        while !self.text().contains(wanted) {
            let text = self.text();
            assert!(!patience.is_over(), "{wanted:?} never came; the page says {text:?}");
        }
    }

    /// Waits until something is so on the page, without its being loaded again.
    pub(crate) fn until(&mut self, is_so: &str) {
        let patience = Patience::new();
        while self.look(is_so) != true {
            assert!(!patience.is_over(), "{is_so} never was so; the page says {:?}", self.text());
        }
    }

    /// The page fits into the window, and everything on it has a name. A picture of it is kept for
    /// whoever wants to see it.
    pub(crate) fn sees(&mut self, what: &str) {
        let (wide, window) =
            (self.look("document.documentElement.scrollWidth"), self.look("window.innerWidth"));
        assert!(wide.as_u64() <= window.as_u64(), "{what}: {wide} wide in a window of {window}");
        for (role, name) in self.browser.read_aloud().expect("what is read aloud") {
            let needs = ["textbox", "searchbox", "button", "link", "combobox", "slider"];
            let has_name = needs.contains(&role.as_str());
            assert!(!has_name || !name.is_empty(), "{what}: a {role} without a name");
        }
        self.seen += 1;
        let picture = self.browser.picture().expect("a picture");
        let file = self.pictures.join(format!("{:02}-{what}.png", self.seen));
        std::fs::write(file, picture).expect("it can be kept");
        self.shows(what);
    }

    /// Those pictures that the documents show are put there when that is asked for.
    fn shows(&mut self, what: &str) {
        let Some(folder) = std::env::var_os(SHOWN_IN) else { return };
        let name = format!("{}-{what}", self.name);
        if SHOWN.contains(&name.as_str()) {
            let picture = self.browser.small_picture().expect("a picture");
            let file = PathBuf::from(folder).join(format!("{name}.webp"));
            std::fs::write(file, picture).expect("it can be kept");
        }
    }

    /// Signs in, coming from the shop, and comes back to it.
    pub(crate) fn signs_in(&mut self) {
        self.signs_in_as(EMAIL, PASSWORD);
    }

    pub(crate) fn signs_in_as(&mut self, email: &str, password: &str) {
        let patience = Patience::new();
        loop {
            self.go("/shop/sign-in");
            self.fill("#email", email);
            self.fill("#password", password);
            self.follow("main button");
            if self.look("location.pathname") == "/shop" {
                return;
            }
            // Those who are there from the beginning are registered while the program starts.
            assert!(!patience.is_over(), "nobody is signed in: {}", self.text());
        }
    }

    /// Puts some of a product into the cart.
    pub(crate) fn puts(&mut self, english: &str, pieces: u32) {
        let query = english.replace(' ', "+");
        self.go(&format!("/shop/products?q={query}"));
        self.follow("ul.goods a");
        self.fill("#pieces", &pieces.to_string());
        self.follow(".put button");
        assert_eq!(self.look("location.pathname"), "/shop/cart", "{}", self.text());
    }

    /// Buys what is in the cart; the order's id.
    pub(crate) fn buys(&mut self, pay_with: &str, send_to: &str) -> String {
        self.look(&format!(
            "document.querySelector('#pay_with').value = '{pay_with}'; \
             document.querySelector('#send_to').value = '{send_to}'"
        ));
        self.follow(".buy button");
        let path = self.look("location.pathname");
        let path = path.as_str().unwrap_or_default().to_owned();
        assert!(path.starts_with("/shop/orders/"), "{path}: {}", self.text());
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }
}
