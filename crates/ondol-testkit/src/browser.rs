//! A real browser without a window, driven as a person would: it goes to addresses, reads what is
//! shown, clicks where something is, types letters, presses keys.
//!
//! It is Chromium, told what to do over its DevTools protocol. Clicks and keys are those of a mouse
//! and a keyboard, so what nobody could click is not clicked. With scripts switched off the pages
//! have none; looking at a page works all the same. Like the servers it has a guard, and is gone
//! when the handle is dropped or the test is killed.

mod line;

use std::time::Duration;

use serde_json::{Value, json};

use crate::servers::StartError;
use line::Line;

/// How long a page may take to be there.
const PAGE_WITHIN: Duration = Duration::from_secs(60);

/// What kind of browser it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrowserOptions {
    /// The languages that its owner reads: `ko-KR,ko;q=0.9`.
    pub languages: &'static str,
    /// Whether pages may run scripts.
    pub scripts: bool,
    /// How wide its window is.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// Whether its owner likes it dark.
    pub dark: bool,
}

impl Default for BrowserOptions {
    fn default() -> Self {
        Self { languages: "en", scripts: true, width: 1024, height: 900, dark: false }
    }
}

/// Why a browser does not do what it is told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserError {
    /// It did not start.
    #[error("the browser did not start")]
    Start(#[from] StartError),
    /// It cannot be talked to.
    #[error("the browser cannot be talked to: {0}")]
    Line(String),
    /// It has refused a command.
    #[error("the browser does not do {command}: {said}")]
    Refused {
        /// Which command.
        command: String,
        /// What it said.
        said: String,
    },
    /// What was to be clicked or filled in is not there, or nobody could see it.
    #[error("nothing is shown at {selector:?} on {address}")]
    NotShown {
        /// What was looked for.
        selector: String,
        /// Where.
        address: String,
    },
}

/// A browser with one window.
#[derive(Debug)]
pub struct Browser {
    line: Line,
}

impl Browser {
    /// A new browser that knows nothing: no cookies, no history.
    ///
    /// # Errors
    /// When it is not installed, or does not start.
    pub fn start(options: BrowserOptions) -> Result<Self, BrowserError> {
        let mut browser = Self { line: Line::open()? };
        let BrowserOptions { languages, scripts, width, height, dark } = options;
        let scheme = if dark { "dark" } else { "light" };
        for (command, with) in [
            ("Page.enable", json!({})),
            ("Network.enable", json!({})),
            ("Network.setExtraHTTPHeaders", json!({ "headers": { "Accept-Language": languages } })),
            ("Emulation.setScriptExecutionDisabled", json!({ "value": !scripts })),
            (
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
            ),
            (
                "Emulation.setEmulatedMedia",
                json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
            ),
        ] {
            browser.line.ask(command, &with)?;
        }
        Ok(browser)
    }

    /// Goes to an address, and waits until the page is there.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn go(&mut self, address: &str) -> Result<(), BrowserError> {
        self.line.forget_events();
        let went = self.line.ask("Page.navigate", &json!({ "url": address }))?;
        if let Some(said) = went["errorText"].as_str() {
            let (command, said) = (format!("go to {address}"), said.to_owned());
            return Err(BrowserError::Refused { command, said });
        }
        self.line.wait_for("Page.loadEventFired", PAGE_WITHIN)
    }

    /// Where it is.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn address(&mut self) -> Result<String, BrowserError> {
        Ok(self.look("location.href")?.as_str().unwrap_or_default().to_owned())
    }

    /// What a person reads on the page.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn text(&mut self) -> Result<String, BrowserError> {
        Ok(self.look("document.body.innerText")?.as_str().unwrap_or_default().to_owned())
    }

    /// Looks at something of the page by an expression, from outside of it.
    ///
    /// # Errors
    /// When the expression is none.
    pub fn look(&mut self, expression: &str) -> Result<Value, BrowserError> {
        let with = json!({ "expression": expression, "returnByValue": true });
        let mut answer = self.line.ask("Runtime.evaluate", &with)?;
        match answer.get("exceptionDetails") {
            None => Ok(answer["result"]["value"].take()),
            Some(wrong) => Err(BrowserError::Refused {
                command: expression.to_owned(),
                said: wrong.to_string(),
            }),
        }
    }

    /// Clicks in the middle of something.
    ///
    /// # Errors
    /// When it is not there, or nobody could see it.
    pub fn click(&mut self, selector: &str) -> Result<(), BrowserError> {
        let quoted = Value::from(selector);
        let place = self.look(&format!(
            "(() => {{ const it = document.querySelector({quoted}); if (!it) return null; \
             it.scrollIntoView({{ block: 'center' }}); const b = it.getBoundingClientRect(); \
             const [x, y] = [b.x + b.width / 2, b.y + b.height / 2]; \
             const top = document.elementFromPoint(x, y); \
             return b.width && top && (it.contains(top) || top.contains(it)) ? [x, y] : null; }})()"
        ))?;
        let (Some(x), Some(y)) = (place[0].as_f64(), place[1].as_f64()) else {
            let (selector, address) = (selector.to_owned(), self.address()?);
            return Err(BrowserError::NotShown { selector, address });
        };
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let (button, clicks) = if kind == "mouseMoved" { ("none", 0) } else { ("left", 1) };
            self.line.ask(
                "Input.dispatchMouseEvent",
                &json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": clicks }),
            )?;
        }
        Ok(())
    }

    /// Clicks something that leads to another page, and waits until that is there.
    ///
    /// # Errors
    /// When it is not there, or leads nowhere.
    pub fn follow(&mut self, selector: &str) -> Result<(), BrowserError> {
        self.line.forget_events();
        self.click(selector)?;
        self.line.wait_for("Page.loadEventFired", PAGE_WITHIN)
    }

    /// Clicks into a field and types, in place of what stood there.
    ///
    /// # Errors
    /// When it is not there.
    pub fn fill(&mut self, selector: &str, text: &str) -> Result<(), BrowserError> {
        self.click(selector)?;
        self.look("document.activeElement.select && document.activeElement.select()")?;
        self.write(text)
    }

    /// Types into whatever has the focus.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn write(&mut self, text: &str) -> Result<(), BrowserError> {
        self.line.ask("Input.insertText", &json!({ "text": text })).map(drop)
    }

    /// Presses a key: `Tab`, or `Enter`.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn press(&mut self, key: &str) -> Result<(), BrowserError> {
        let (number, text) = if key == "Enter" { (13, "\r") } else { (9, "") };
        let with = |kind: &str| {
            json!({ "type": kind, "key": key, "code": key, "text": text,
                    "windowsVirtualKeyCode": number, "nativeVirtualKeyCode": number })
        };
        let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        self.line.ask("Input.dispatchKeyEvent", &with(down))?;
        let up =
            json!({ "type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": number });
        self.line.ask("Input.dispatchKeyEvent", &up).map(drop)
    }

    /// Presses Enter where that leads to another page, and waits until it is there.
    ///
    /// # Errors
    /// When it leads nowhere.
    pub fn enter(&mut self) -> Result<(), BrowserError> {
        self.line.forget_events();
        self.press("Enter")?;
        self.line.wait_for("Page.loadEventFired", PAGE_WITHIN)
    }

    /// The whole page as a person sees it, as PNG.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn picture(&mut self) -> Result<Vec<u8>, BrowserError> {
        self.pictured(&json!({ "format": "png", "captureBeyondViewport": true }))
    }

    /// What can be seen in the window, as a WebP that a document can carry.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn small_picture(&mut self) -> Result<Vec<u8>, BrowserError> {
        self.pictured(&json!({ "format": "webp", "quality": 70 }))
    }

    fn pictured(&mut self, how: &Value) -> Result<Vec<u8>, BrowserError> {
        let answer = self.line.ask("Page.captureScreenshot", how)?;
        line::bytes(answer["data"].as_str().unwrap_or_default())
            .ok_or_else(|| BrowserError::Line("a picture that cannot be read".to_owned()))
    }

    /// What machines that read aloud are told: role and name of everything that has one.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn read_aloud(&mut self) -> Result<Vec<(String, String)>, BrowserError> {
        let tree = self.line.ask("Accessibility.getFullAXTree", &json!({}))?;
        let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
        let told = nodes.iter().filter(|node| node["ignored"] != true);
        let part = |node: &Value, of: &str| node[of]["value"].as_str().unwrap_or("").to_owned();
        Ok(told.map(|node| (part(node, "role"), part(node, "name"))).collect())
    }
}
