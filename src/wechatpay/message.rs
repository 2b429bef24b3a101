//! The exact bytes that are signed (§1.2, §2.1): every line ends in LF, the last one too, and the
//! body is taken as it is on the wire, whatever line ends it has itself.

/// A request as its signature sees it. The host is no part of it, so the same signature is good on
/// the main and on the backup host.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Upper case.
    pub method: &'a str,
    /// Path and query, percent-encoded as sent: `/v3/certificates?algorithm_type=RSA`.
    pub target: &'a str,
    /// Empty for GET.
    pub body: &'a [u8],
}

/// Method, target, timestamp (Unix seconds), nonce and body: what a merchant signs.
pub fn of_request(request: &Request<'_>, timestamp: &str, nonce: &str) -> Vec<u8> {
    lines(&[request.method.as_bytes(), request.target.as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), request.body])
}

/// Timestamp, nonce and body: what WeChat signs, in a reply (empty body for 204) and in a
/// notification. `timestamp` is the text of the header, not a number printed again.
pub fn of_answer(timestamp: &str, nonce: &str, body: &[u8]) -> Vec<u8> {
    lines(&[timestamp.as_bytes(), nonce.as_bytes(), body])
}

fn lines(lines: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        message.extend_from_slice(line);
        message.push(b'\n');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_five_lines() {
        let request = Request { method: "POST", target: "/v3/pay/transactions/native", body: b"{\"a\":1}" };
        assert_eq!(
            of_request(&request, "1554208460", "593BEC0C930BF1AFEB40B4A08C8FB242"),
            b"POST\n/v3/pay/transactions/native\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n{\"a\":1}\n",
        );
    }

    #[test]
    fn a_get_ends_in_two_line_feeds() {
        let request = Request { method: "GET", target: "/v3/certificates?algorithm_type=RSA", body: b"" };
        assert_eq!(of_request(&request, "1", "n"), b"GET\n/v3/certificates?algorithm_type=RSA\n1\nn\n\n");
    }

    #[test]
    fn an_answer_is_three_lines_even_without_a_body() {
        assert_eq!(of_answer("1722850421", "n", b""), b"1722850421\nn\n\n");
    }

    #[test]
    fn line_ends_of_the_body_stay() {
        assert_eq!(of_answer("1", "n", b"{\r\n}\r\n"), b"1\nn\n{\r\n}\r\n\n");
        assert_eq!(of_answer("1", "n", b"{}\n"), b"1\nn\n{}\n\n");
    }
}
