import OstiaryCore

/// What a key helper prints: a line with the key, or one of the JSON documents that helpers are known to print.
enum HelperOutput: ~Copyable {
    /// A key, with when it ends or how long it lives.
    case key(Secret, expires: UnixTime?, life: Double?)
    /// Credentials of AWS, as `credential_process` of its tools prints them.
    case aws(AWSCredentials)

    enum Fault: Error {
        /// A JSON document without a key in it.
        case noKey
        /// A JSON document of a form that would have to be guessed.
        case unreadable
        /// Nothing at all.
        case empty
    }

    /// Reads an output. What begins with `{` is JSON and nothing else: no key begins so.
    static func read(_ output: [UInt8]) throws(Fault) -> HelperOutput {
        guard let first = output.first(where: { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }) else {
            throw .empty
        }
        guard first == UInt8(ascii: "{") else {
            return .key(Secret(copying: output.span), expires: nil, life: nil)
        }
        guard let document = SecretDocument(output) else { throw .unreadable }
        if document.text("kind") == "ExecCredential" || document.has("status", "token") {
            guard let token = document.secret("status", "token") else { throw .noKey }
            return .key(token, expires: try expiry(document.text("status", "expirationTimestamp")), life: nil)
        }
        if document.has("AccessKeyId") {
            guard document.number("Version") == 1, let identifier = document.text("AccessKeyId"),
                let secret = document.secret("SecretAccessKey")
            else { throw .unreadable }
            let session = document.secret("SessionToken")
            let expires = try expiry(document.text("Expiration"))
            return .aws(AWSCredentials(identifier, secret, session, expires: expires))
        }
        for name in ["token", "api_key", "access_token"] {
            guard let key = document.secret(name) else { continue }
            var expires = try expiry(document.text("expires_at") ?? document.text("Expiration"))
            if expires == nil, let seconds = document.number("expires_at") ?? document.number("Expiration") {
                // Some count milliseconds; the year 5138 is meant by nobody.
                expires = UnixTime(seconds: seconds > 100_000_000_000 ? seconds / 1000 : seconds)
            }
            return .key(key, expires: expires, life: document.number("expires_in"))
        }
        throw .noKey
    }

    /// A moment that cannot be read must not be taken for none: the key would be used for ever.
    private static func expiry(_ text: String?) throws(Fault) -> UnixTime? {
        guard let text else { return nil }
        guard let time = Instant.parse(text) else { throw .unreadable }
        return time
    }
}
