import OstiaryCore

/// Takes out of a provider's words what is not for callers (SEC-506): credentials in URLs and in quoted header fields,
/// and stack traces, which tell of the provider's inside and often hold both.
///
/// What it looks for is listed here and nothing else is; a text without any of it stays as it is, byte by byte.
enum ForeignText {
    private static let redacted = Array("[redacted]".utf8)
    static let traceRemoved = "[stack trace removed]"

    /// The text without them; `nil` when it is clean.
    static func cleaned(_ text: [UInt8]) -> [UInt8]? {
        var out = text
        var isChanged = false
        if let trace = traceStart(out) {
            out.removeSubrange(trace...)
            while let last = out.last, last <= 0x20 { out.removeLast() }
            if !out.isEmpty { out.append(UInt8(ascii: "\n")) }
            out += traceRemoved.utf8
            isChanged = true
        }
        for ranges in [userInfo(out), parameters(out), credentials(out)] where !ranges.isEmpty {
            for range in ranges.reversed() { out.replaceSubrange(range, with: redacted) }
            isChanged = true
        }
        return isChanged ? out : nil
    }

    // MARK: URLs

    /// What stands before the `@` of each URL's authority (RFC 3986 section 3.2.1).
    private static func userInfo(_ text: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while index + 3 < text.count {
            guard text[index] == UInt8(ascii: ":"), text[index + 1] == UInt8(ascii: "/"),
                text[index + 2] == UInt8(ascii: "/")
            else {
                index += 1
                continue
            }
            let start = index + 3
            var end = start
            var at: Int?
            while end < text.count, !isEndOfAuthority(text[end]) {
                if text[end] == UInt8(ascii: "@") { at = end }
                end += 1
            }
            if let at, at > start { found.append(start..<at) }
            index = max(end, index + 3)
        }
        return found
    }

    private static let secretParameters: Set<String> = [
        "key", "api_key", "api-key", "apikey", "token", "access_token", "auth_token", "id_token", "refresh_token",
        "sig",
        "signature", "secret", "client_secret", "password", "passwd", "pwd", "credential", "x-amz-signature",
        "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential", "subscription-key",
    ]

    /// The values of query parameters that hold credentials.
    private static func parameters(_ text: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "?") || text[index] == UInt8(ascii: "&") else {
                index += 1
                continue
            }
            let nameStart = index + 1
            var end = nameStart
            while end < text.count, end - nameStart <= 24, isNameOctet(text[end]) { end += 1 }
            index = end
            guard end < text.count, text[end] == UInt8(ascii: "="),
                secretParameters.contains(String(decoding: text[nameStart..<end], as: UTF8.self).lowercased())
            else { continue }
            let start = end + 1
            end = start
            while end < text.count, text[end] != UInt8(ascii: "&"), text[end] != UInt8(ascii: "#"), !isGap(text[end]) {
                end += 1
            }
            if end > start { found.append(start..<end) }
            index = end
        }
        return found
    }

    // MARK: Header fields

    /// What follows `Bearer` and `Basic` where it is long enough to be a credential.
    private static func credentials(_ text: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for scheme in ["bearer ", "basic "] {
            let letters = Array(scheme.utf8)
            var index = 0
            while index + letters.count < text.count {
                let candidate = text[index..<index + letters.count].map { $0 | 0x20 }
                guard candidate == letters else {
                    index += 1
                    continue
                }
                let start = index + letters.count
                var end = start
                while end < text.count, isTokenOctet(text[end]) { end += 1 }
                let isCredential = end - start >= 16 && text[start..<end] != redacted[...]
                if isCredential { found.append(start..<end) }
                index = max(end, index + 1)
            }
        }
        return found.sorted { $0.lowerBound < $1.lowerBound }
    }

    // MARK: Stack traces

    /// Where the first line of a stack trace begins.
    private static func traceStart(_ text: [UInt8]) -> Int? {
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            let line = String(decoding: text[start..<min(end, start + 400)], as: UTF8.self)
            if isOfTrace(line) { return start }
            start = end + 1
        }
        return nil
    }

    private static func isOfTrace(_ line: String) -> Bool {
        let words = line.drop { $0 == " " || $0 == "\t" }
        if words.hasPrefix("Traceback (most recent call last)") || words.hasPrefix("stack backtrace:") { return true }
        // Python
        if words.hasPrefix("File \""), words.contains("\", line ") { return true }
        // Go
        if words.hasPrefix("goroutine "), words.contains("[") { return true }
        // Rust
        if words.hasPrefix("thread '"), words.contains("panicked at") { return true }
        // JavaScript, Java, C#: "at name (place:12)", "at place:12:3", "at name in place:line 12"
        guard words.hasPrefix("at ") else { return false }
        return words.contains(":line ") || hasPlace(words)
    }

    /// Whether there is a colon with a digit behind it.
    private static func hasPlace(_ line: Substring) -> Bool {
        var afterColon = false
        for byte in line.utf8 {
            if afterColon, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { return true }
            afterColon = byte == UInt8(ascii: ":")
        }
        return false
    }

    // MARK: Octets

    private static func isGap(_ octet: UInt8) -> Bool {
        octet <= 0x20 || octet == 0x7f || "\"'<>`\\".utf8.contains(octet)
    }

    private static func isEndOfAuthority(_ octet: UInt8) -> Bool {
        isGap(octet) || "/?#".utf8.contains(octet)
    }

    private static func isNameOctet(_ octet: UInt8) -> Bool {
        isAlphanumeric(octet) || octet == UInt8(ascii: "_") || octet == UInt8(ascii: "-")
    }

    private static func isTokenOctet(_ octet: UInt8) -> Bool {
        isAlphanumeric(octet) || "-._~+/=*[]".utf8.contains(octet)
    }

    private static func isAlphanumeric(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
