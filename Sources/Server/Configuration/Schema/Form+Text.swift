import OstiaryCore

extension Form where Value == String {
    /// Text of 1 to `most` bytes without control characters.
    static func text(_ noun: String, most: Int = 1024, example: String? = nil) -> Form {
        Form(
            noun: noun,
            schema: [.init("type", "string"), .init("minLength", 1), .init("maxLength", most)],
            parse: { written throws(Complaint) in
                guard isPrintable(written.text, most: most) else { throw Complaint() }
                return written.text
            },
            show: { $0.isEmpty ? nil : $0 }
        )
    }

    /// A file's path; a relative one counts from the configuration file's folder.
    static var path: Form { text("a path", most: 4096) }

    /// The name of a provider.
    static var providerName: Form {
        Form(
            noun: "a name of letters, digits, `-`, `_` and `.`, at most 64",
            schema: [.init("type", "string"), .init("pattern", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")],
            parse: { written throws(Complaint) in
                let bytes = written.text.utf8
                guard let first = bytes.first, bytes.count <= 64, isAlphanumeric(first),
                    bytes.allSatisfy({ isAlphanumeric($0) || "._-".utf8.contains($0) })
                else { throw Complaint() }
                return written.text
            },
            show: { $0 }
        )
    }

    /// A model's public name, or a prefix and `*`.
    static var modelPattern: Form {
        Form(
            noun: "a model's name, or a prefix and `*`, at most 256 bytes",
            schema: [.init("type", "string"), .init("pattern", "^[^*]{0,255}[^*]$|^[^*]{0,255}\\*$")],
            parse: { written throws(Complaint) in
                guard isPrintable(written.text, most: 256) else { throw Complaint() }
                if written.text.utf8.dropLast().contains(UInt8(ascii: "*")) {
                    throw Complaint("may have `*` at its end only", hint: "write a prefix and `*`, such as `gpt-*`")
                }
                return written.text
            },
            show: { $0 }
        )
    }

    /// A scope name (RFC 6749 section 3.3).
    static var scope: Form {
        Form(
            noun: "a scope name",
            schema: [.init("type", "string"), .init("pattern", "^[!#-\\[\\]-~]+$")],
            parse: { written throws(Complaint) in
                let names = try Form<[String]>.scopes.parse(written)
                guard names.count == 1, let name = names.first else { throw Complaint() }
                return name
            },
            show: { $0 }
        )
    }

    /// An origin (RFC 6454 section 6.2) of a web page.
    static var origin: Form {
        Form(
            noun: "an origin such as https://app.example",
            schema: [.init("type", "string"), .init("pattern", "^https?://[^/?#@*]+$")],
            parse: { written throws(Complaint) in
                if written.text.utf8.elementsEqual("*".utf8) {
                    throw Complaint("may not be everybody", hint: "name each origin, such as https://app.example")
                }
                guard let url = WebURL(written.text), !url.hasPath, url.query == nil else {
                    throw Complaint(hint: "write scheme, host and port only, without a slash at the end")
                }
                return url.origin
            },
            show: { $0 }
        )
    }

    /// A host that requests are for, with a port or without; kept in lower case.
    static var host: Form {
        Form(
            noun: "a host such as gate.example, 192.0.2.1 or [2001:db8::1], with a port or without",
            schema: [
                .init("type", "string"), .init("pattern", "^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$"),
            ],
            parse: { written throws(Complaint) in
                guard isPrintable(written.text, most: 255), HostPort.isValid(written.text) else { throw Complaint() }
                return written.text.lowercased()
            },
            show: { $0 }
        )
    }

    /// A provider's base URL.
    static var baseURL: Form {
        Form(
            noun: "an absolute URL without credentials, query and fragment",
            schema: [.init("type", "string"), .init("format", "uri"), .init("pattern", "^https?://[^?#@]+$")],
            parse: { written throws(Complaint) in
                guard let url = WebURL(written.text), url.query == nil else { throw Complaint() }
                guard url.isSecure || url.isNearby else {
                    throw Complaint(
                        "must use https: keys and prompts would cross the network in clear",
                        hint: "plain http is for loopback and private addresses and for names without a dot or under "
                            + ".internal, .local and .home.arpa"
                    )
                }
                return url.withoutTrailingSlash
            },
            show: { $0 }
        )
    }

    /// Text that limits, logs and headers can carry.
    static func isPrintable(_ text: String, most: Int) -> Bool {
        (1...most).contains(text.utf8.count) && !text.utf8.contains { $0 < 0x20 || $0 == 0x7f }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}

extension Form where Value: RawRepresentable<String> & CaseIterable {
    /// One of the type's spellings.
    static var choice: Form {
        let names = Value.allCases.map(\.rawValue)
        return Form(
            noun: "one of " + names.joined(separator: ", "),
            schema: [.init("enum", .array(names.map(JSONValue.string)))],
            parse: { written throws(Complaint) in
                let all = Value.allCases
                if let value = all.first(where: { $0.rawValue.utf8.elementsEqual(written.text.utf8) }) { return value }
                throw Complaint(
                    hint: Nearest.to(written.text, among: all.map(\.rawValue)).map { "did you mean `\($0)`?" }
                )
            },
            show: { $0.rawValue }
        )
    }
}

extension Form where Value == Bool {
    /// Yes or no.
    static var truth: Form {
        Form(
            noun: "true or false",
            schema: [.init("type", "boolean")],
            parse: { written throws(Complaint) in
                if written.isQuoted { throw Complaint(hint: "remove the quotes") }
                switch written.text {
                case "true": return true
                case "false": return false
                default: throw Complaint()
                }
            },
            show: { $0 ? "true" : "false" }
        )
    }
}

extension Form where Value == [String] {
    /// Scope names (RFC 6749 section 3.3) divided by spaces.
    static var scopes: Form {
        Form(
            noun: "scope names divided by spaces",
            schema: [.init("type", "string")],
            parse: { written throws(Complaint) in
                // RFC 6749 section 3.3: %x21 / %x23-5B / %x5D-7E
                let isToken = written.text.utf8.allSatisfy { byte in
                    (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                }
                guard isToken, written.text.utf8.count <= 1024 else { throw Complaint() }
                return written.text.split(separator: " ").map(String.init)
            },
            show: { $0.joined(separator: " ") }
        )
    }
}
