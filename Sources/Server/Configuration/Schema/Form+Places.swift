import OstiaryCore
import OstiaryVault

extension Form where Value == Configuration.Address {
    /// Where to listen.
    static var address: Form {
        Form(
            noun: "host:port with an IPv4 address, an IPv6 address in brackets or localhost",
            schema: [
                .init("type", "string"),
                .init("pattern", "^(localhost|[0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$"),
            ],
            parse: { written throws(Complaint) in
                guard let address = Configuration.Address(parsing: written.text) else {
                    let isPort = Quantity.digits(written.text) != nil
                    throw Complaint(hint: isPort ? "write 127.0.0.1: before the port" : "such as 127.0.0.1:8080")
                }
                return address
            },
            show: { $0.description }
        )
    }
}

extension Form where Value == IPNetwork {
    /// A range of addresses.
    static var network: Form {
        Form(
            noun: "an address or a network such as 10.0.0.0/8 or 2001:db8::/32",
            schema: [.init("type", "string"), .init("pattern", "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$")],
            parse: { written throws(Complaint) in
                do throws(IPNetwork.Fault) {
                    return try IPNetwork(parsing: written.text)
                } catch {
                    switch error {
                    case .form: throw Complaint()
                    case .hostBits: throw Complaint("has bits behind its prefix", hint: "make them zero")
                    case .everybody: throw Complaint("may not be everybody", hint: "name the proxies' own network")
                    case .mapped: throw Complaint("is an IPv4 network in IPv6 form", hint: "write it as IPv4")
                    }
                }
            },
            show: { $0.description }
        )
    }
}

extension Form where Value == Configuration.SecretReference {
    /// Where a secret lies.
    static var secret: Form {
        Form(
            noun: "a source of a secret: env:NAME or file:PATH",
            schema: [.init("type", "string"), .init("pattern", "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")],
            parse: { written throws(Complaint) in
                switch Configuration.SecretReference(parsing: written.text) {
                case .environment(let name): return .environment(name)
                case .file(let path): return .file(path)
                case .vault, .keyring, nil: throw Self.notASource
                }
            },
            show: { $0.description }
        )
    }

    private static var notASource: Complaint {
        Complaint(hint: "put the secret into a variable or a file and name it here; never write it down here")
    }

    /// Where a provider's key lies.
    static var providerKey: Form {
        Form(
            noun: "a source of a key: env:NAME, file:PATH, vault:NAME or keyring:NAME",
            schema: [
                .init("type", "string"),
                .init(
                    "pattern",
                    "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|(vault|keyring):[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127})$"
                ),
            ],
            parse: { written throws(Complaint) in
                guard let reference = Configuration.SecretReference(parsing: written.text) else {
                    throw Self.notASource
                }
                return reference
            },
            show: { $0.description }
        )
    }
}

extension Form where Value == Configuration.TokenIssuer.KeySource {
    /// Where a key set lies.
    static var keySet: Form {
        Form(
            noun: "an https URL (http on loopback), or file:PATH",
            schema: [.init("type", "string"), .init("pattern", "^(https?://[^#@]+|file:.+)$")],
            parse: { written throws(Complaint) in
                if written.text.utf8.starts(with: "file:".utf8) {
                    let path = String(written.text.dropFirst("file:".count))
                    guard Form<String>.isPrintable(path, most: 4096) else { throw Complaint() }
                    return .file(path)
                }
                guard let url = WebURL(written.text) else {
                    throw Complaint(hint: "write it without credentials and fragment")
                }
                guard url.isSecure || url.isLoopback else {
                    throw Complaint(
                        "must use https: whoever changes the keys on their way can enter",
                        hint: "plain http is for loopback only"
                    )
                }
                return .url(url.text)
            },
            show: { source in
                switch source {
                case .url(let url): url.isEmpty ? nil : url
                case .file(let path): "file:\(path)"
                }
            }
        )
    }
}

extension Configuration.SecretReference {
    /// Reads one of the four forms; `nil` for anything else.
    public init?(parsing text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let rest = String(parts[1])
        guard Form<String>.isPrintable(rest, most: 4096) else { return nil }
        switch parts[0] {
        case "env":
            let isName = rest.utf8.allSatisfy { Form<String>.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
            guard isName, let first = rest.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
                return nil
            }
            self = .environment(rest)
        case "file": self = .file(rest)
        case "vault", "keyring":
            guard let name = try? StoredName(rest).text else { return nil }
            self = parts[0] == "vault" ? .vault(name) : .keyring(name)
        default: return nil
        }
    }
}
