//! What is fuzzed, and what must be true of it.

use std::cell::RefCell;

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::run;
use crate::audit::Rules;
use crate::cache::probe;
use crate::canonical::{HeaderPolicy, canonical_path};
use crate::config::{
    ChangesOptions, Config, JsonChangeOptions, MaskOptions, Reading, TrustOptions,
};
use crate::http1::{
    Decoded, Decoder, Framing, HeadError, HeadLimits, RequestHead, Scan, read_request, take_head,
};
use crate::json::{Json, JsonError};
use crate::listen::{read_addresses, read_line};
use crate::transform::Changes;

#[test]
fn fuzz_path() {
    let words =
        ["/", "..", "/../", "%2e", "%2f", "%5c", "%00", "%c0%af", ";", "\\", "%", "//", "%41"];
    run("path", &words, |input| match canonical_path(input) {
        Err(problem) => format!("{}: {:?}", problem.code(), problem.detail()),
        Ok(None) => {
            assert_canonical(input);
            "canonical".to_owned()
        }
        Ok(Some(path)) => {
            assert_canonical(&path);
            let again = canonical_path(&path).expect("a path that was found to be good");
            assert_eq!(again.unwrap_or_else(|| path.clone()), path, "it has another form");
            format!("rewritten, {:?}", path.len().cmp(&input.len()))
        }
    });
}

fn assert_canonical(path: &[u8]) {
    let text = std::str::from_utf8(path).expect("plain letters");
    assert!(text.starts_with('/') && text.is_ascii(), "{text}");
    assert!(!text.contains("//") && !text.contains(['\\', ';', '?', '#']), "{text}");
    assert!(!text.split('/').any(|part| part == "." || part == ".."), "{text}");
    let upper = text.to_ascii_uppercase();
    for bad in ["%2F", "%5C", "%00", "%2E", "%3B", "%7F", "%41"] {
        assert!(!upper.contains(bad), "{text}");
    }
}

#[test]
fn fuzz_headers() {
    let words = [
        "\n",
        ": ",
        "x-user-id",
        "x_user_id",
        "connection: ",
        "upgrade",
        "x-internal-a",
        "forwarded",
        "te",
        ",",
    ];
    let policy = HeaderPolicy::new(&TrustOptions::default().strip);
    run("headers", &words, |input| {
        let mut headers = HeaderMap::new();
        for line in input.split(|byte| *byte == b'\n').take(64) {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
            let value = HeaderValue::from_bytes(parts.next().unwrap_or_default().trim_ascii());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        let before = headers.len();
        match policy.apply(&mut headers, false) {
            Err(problem) => format!("{:?}", problem.detail()),
            Ok(kept) => {
                for name in headers.keys().map(HeaderName::as_str) {
                    let ours = name.starts_with("x-user-")
                        || name.starts_with("x-internal-")
                        || matches!(name, "forwarded" | "x-forwarded-for" | "x-forwarded-proto")
                        || matches!(name, "connection" | "upgrade" | "te" | "x-tenant");
                    assert!(!ours && !name.contains('_'), "{name} went on");
                }
                format!("{} {} {}", before - headers.len(), kept.upgrade.is_some(), kept.trailers)
            }
        }
    });
}

#[test]
fn fuzz_configuration() {
    let words = [
        "[routes.a]\n",
        "[backends.b]\n",
        "to = \"b\"\n",
        "path = \"/{a}\"\n",
        "\"",
        "{",
        "endpoints",
        "= 1\n",
        "[[",
        "timeout = \"1s\"\n",
        "~(",
        "999999999999",
    ];
    let following = RefCell::new(Reading::of("fuzz.toml"));
    run("configuration", &words, |input| {
        let text = String::from_utf8_lossy(input);
        let whole = Config::read("fuzz.toml", &text);
        let followed = following.borrow_mut().read(&text);
        assert_eq!(followed.map(|config| Config::clone(&config)), whole, "{text}");
        match whole {
            Err(findings) => {
                let lines = text.matches('\n').count() + 1;
                for finding in &findings.0 {
                    assert!(
                        (1..=lines).contains(&finding.line) && finding.column >= 1,
                        "{finding}"
                    );
                }
                let first = findings.0.first().expect("a refusal has a reason");
                first.message.chars().filter(char::is_ascii_lowercase).take(24).collect()
            }
            Ok(config) => {
                let shown = toml::to_string(&config).expect("options that can be written");
                assert_eq!(Config::read("shown.toml", &shown).expect("what was shown"), config);
                format!("{} {}", config.routes.len(), config.backends.len())
            }
        }
    });
}

#[test]
fn fuzz_proxy() {
    let words =
        ["PROXY ", "TCP4 ", "TCP6 ", "UNKNOWN", "\r\n", " ", "127.0.0.1", "::1", "65536", "0"];
    run("proxy", &words, |input| {
        let line = read_line(input);
        if let Some(Some(address)) = line {
            let text = String::from_utf8_lossy(input);
            assert!(text.starts_with("PROXY TCP") && text.ends_with("\r\n"), "{text}");
            assert_eq!(text.contains("TCP4"), address.is_ipv4(), "{text}");
        }
        let (version, rest) = input.split_at(input.len().min(2));
        let binary = match version {
            [version, family] => read_addresses(*version, *family, rest),
            _ => None,
        };
        if let Some(Some(_)) = binary {
            assert!(rest.len() >= 12, "addresses out of nothing");
        }
        let kind = |said: Option<Option<std::net::SocketAddr>>| {
            said.map(|said| said.map(|address| address.is_ipv4()))
        };
        format!("{:?} {:?}", kind(line), kind(binary))
    });
}

const LIMITS: HeadLimits =
    HeadLimits { line_bytes_max: 256, head_bytes_max: 1024, headers_max: 16 };

/// A head that arrives in pieces: what is read of it, how much of it was used, or why not.
fn head_in(input: &[u8], piece: usize) -> Result<Option<(RequestHead, HeaderMap)>, HeadError> {
    let mut buffer = BytesMut::new();
    let mut scan = Scan::default();
    for piece in input.chunks(piece) {
        buffer.extend_from_slice(piece);
        if let Some(head) = take_head(&mut buffer, &mut scan, &LIMITS)? {
            let mut headers = HeaderMap::new();
            return read_request(&head, &mut headers).map(|head| Some((head, headers)));
        }
    }
    Ok(None)
}

/// Lines of headers.
fn headers_in(input: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(64) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

#[test]
fn fuzz_cache() {
    let words = [
        "cache-control: ",
        "max-age=",
        "s-maxage=60",
        "public",
        "private",
        "no-store",
        "must-revalidate",
        "stale-while-revalidate=5",
        "\n",
        "\"",
        ",",
        "=",
        "expires: Sun, 06 Nov 1994 08:49:37 GMT\n",
        "vary: accept\n",
        "etag: \"1\"\n",
        "set-cookie: a\n",
        "\n\n",
        "authorization: a\n",
        "cache-control: no-cache\n",
    ];
    run("cache", &words, |input| {
        // What is answered, and what is asked, after an empty line.
        let cut = input.windows(2).position(|two| two == b"\n\n").unwrap_or(input.len());
        let (answer, asked) = input.split_at(cut);
        probe(headers_in(answer), &headers_in(asked))
    });
}

#[test]
fn fuzz_transform() {
    let words = [
        "{\"a\":",
        "[",
        "]",
        "}",
        "\"",
        "\\u00",
        "\\ud83d",
        "1e400",
        "-0.10",
        ",",
        "null",
        "\"b\"",
        "{\"a\":{\"b\":[1,2]}}",
        "12345678901234567890.10",
    ];
    let change = |set: &str, to: &str| JsonChangeOptions {
        set: Some(set.to_owned()),
        to: Some(to.to_owned()),
        ..JsonChangeOptions::default()
    };
    let remove =
        JsonChangeOptions { remove: Some("/a/*/x".to_owned()), ..JsonChangeOptions::default() };
    let rename = JsonChangeOptions {
        rename: Some("/a".to_owned()),
        to: Some("b".to_owned()),
        ..JsonChangeOptions::default()
    };
    let json = vec![remove, change("/a/new/b", "1.50"), rename, change("/list/*/y", "{}")];
    let changes = Changes::new(&ChangesOptions { json, ..ChangesOptions::default() });
    let changes = changes.expect("changes");
    let rules = Rules::new(&MaskOptions::default()).expect("rules");
    run("transform", &words, |input| {
        let read = Json::read(input);
        let theirs = serde_json::from_slice::<serde_json::Value>(input);
        let Ok(mut json) = read else {
            let error = read.expect_err("no JSON");
            // Whatever else is refused is JSON that means several things, or too much.
            assert!(theirs.is_err() || !matches!(error, JsonError::Malformed(_)), "{error}");
            return error.to_string().chars().filter(|it| !it.is_ascii_digit()).collect();
        };
        // Numbers that others cannot hold are JSON all the same.
        let loosely = serde_json::from_slice::<serde::de::IgnoredAny>(input);
        assert!(loosely.is_ok(), "JSON that nobody else takes for it");
        let numbers = |json: &Json| {
            let mut all = Vec::new();
            json.plains(&mut all);
            all.sort();
            all
        };
        let before = numbers(&json);
        assert_eq!(Json::read(&json.to_bytes()).as_ref(), Ok(&json), "it is written as it was");
        changes.document(&mut json);
        let changed = json.to_bytes();
        assert_eq!(Json::read(&changed).as_ref(), Ok(&json), "what comes out is JSON");
        let after = numbers(&json);
        let new = |it: &&String| !before.contains(it) && **it != "1.50";
        assert_eq!(after.iter().find(new), None, "a number is not what it was");
        rules.document(&mut json);
        assert!(Json::read_leniently(&json.to_bytes()).is_ok());
        format!("{} {}", before.len().min(8), after.len().min(8))
    });
}

#[test]
fn fuzz_head() {
    let words = [
        "\r\n",
        "\n",
        "\r",
        ": ",
        " :",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "HTTP/1.1",
        "\0",
        "\t",
        " ",
        "Host: a\r\n",
    ];
    run("head", &words, |input| {
        let whole = head_in(input, input.len().max(1));
        for piece in [1, 3] {
            let cut = head_in(input, piece);
            let same = match (&whole, &cut) {
                (Ok(one), Ok(other)) => format!("{one:?}") == format!("{other:?}"),
                (Err(_), Err(_)) => true,
                _ => false,
            };
            assert!(same, "cut into {piece}: {whole:?} and {cut:?} of {input:?}");
        }
        match whole {
            Err(error) => error.to_string(),
            Ok(None) => "more to come".to_owned(),
            Ok(Some((head, headers))) => {
                let has = |name: &str| headers.contains_key(name);
                assert!(!(has("content-length") && has("transfer-encoding")), "two framings");
                for value in headers.values() {
                    assert!(!value.as_bytes().iter().any(|byte| b"\r\n\0".contains(byte)));
                }
                format!("{:?} {:?} {}", head.version, head.framing, headers.len())
            }
        }
    });
}

/// A chunked body that arrives in pieces: its bytes so far, and how it ended if it did.
fn body_in(input: &[u8], piece: usize) -> (Vec<u8>, String) {
    let mut buffer = BytesMut::new();
    let mut decoder = Decoder::new(Framing::Chunked);
    let mut body = Vec::new();
    for piece in input.chunks(piece) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Err(error) => return (body, format!("bad: {error}")),
                Ok(Decoded::Data(data)) => body.extend_from_slice(&data),
                Ok(Decoded::Trailers(_) | Decoded::End) => return (body, "over".to_owned()),
                Ok(Decoded::Starved) => break,
            }
        }
    }
    (body, "more to come".to_owned())
}

#[test]
fn fuzz_chunks() {
    let words = [
        "\r\n",
        "0\r\n\r\n",
        "5\r\nhello\r\n",
        ";",
        "\n",
        "\r",
        "ffffffffffffffff",
        "0x",
        "+",
        " ",
        "X: y\r\n",
    ];
    run("chunks", &words, |input| {
        let (body, end) = body_in(input, input.len().max(1));
        assert!(body.len() <= input.len(), "bytes out of nothing");
        for piece in [1, 3] {
            let (other, how) = body_in(input, piece);
            assert_eq!(other, body, "cut into {piece}");
            assert_eq!(how.starts_with("bad"), end.starts_with("bad"), "{how} and {end}");
            assert_eq!(how == "over", end == "over", "{how} and {end}");
        }
        end
    });
}
