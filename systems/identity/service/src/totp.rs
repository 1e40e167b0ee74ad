//! The second factor: a number that changes every half minute (RFC 6238).

use aws_lc_rs::hmac;

/// How long a number is good, in seconds.
const STEP_SECONDS: u64 = 30;
/// How many steps a clock may be off, either way.
const STEPS_OFF: u64 = 1;

/// The step whose number this is, if it is one of now.
pub(crate) fn step_of(secret: &[u8], number: &str, now: u64) -> Option<u64> {
    let number = number.trim().replace(' ', "");
    let is_number = number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    let step = now / STEP_SECONDS;
    let steps = step.saturating_sub(STEPS_OFF)..=step + STEPS_OFF;
    let mut found = None;
    // All of them, whichever it is: how long this takes says nothing.
    for step in steps {
        if crate::secrets::same(&number_at(secret, step), &number) {
            found = Some(step);
        }
    }
    found.filter(|_| is_number)
}

/// The number of a step.
pub(crate) fn number_at(secret: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes.last().copied().unwrap_or(0) & 0x0F);
    let word = bytes.get(at..at + 4).unwrap_or(&[0; 4]);
    let value = word.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
    format!("{:06}", (value & 0x7FFF_FFFF) % 1_000_000)
}

/// Bytes as base32, as authenticators read them.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let word = (0..5)
            .fold(0_u64, |word, at| word << 8 | u64::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..(chunk.len() * 8).div_ceil(5) {
            let place = usize::try_from(word >> (35 - 5 * at) & 31).unwrap_or(0);
            text.push(char::from(LETTERS[place]));
        }
    }
    text
}

/// The address that authenticators read, as text and as a picture.
pub(crate) fn enrolment(secret: &[u8], issuer: &str, account: &str) -> (String, String) {
    let part = |text: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
        text.bytes().fold(String::new(), |mut text, byte| {
            if fits(byte) {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("%{byte:02X}"));
            }
            text
        })
    };
    let (issuer, account, secret) = (part(issuer), part(account), base32(secret));
    let address = format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}");
    let picture = qrcode::QrCode::new(address.as_bytes()).map(|code| {
        let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).build();
        // What it is is said by what stands around it.
        let picture = svg.split_once("?>").map_or(svg.as_str(), |(_, picture)| picture);
        picture.replacen("<svg", "<svg aria-hidden=\"true\"", 1)
    });
    (secret, picture.unwrap_or_default())
}

#[cfg(test)]
mod tests;
