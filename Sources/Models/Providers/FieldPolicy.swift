/// Which of a client's header fields go to the provider: these, and no others (SEC-501).
///
/// An allow-list, because a provider gives meaning to fields that nobody here has heard of yet: accounts, hosts,
/// proxies, features. Framing, `Host`, the credential and the request id are written anew by the gate, and no
/// `Accept-Encoding` passes, so that answers come in a form the gate can watch.
public struct RequestFieldPolicy: Sendable {
    /// Lower case.
    public let names: [String]

    /// Whether a field of this name passes; case does not matter (RFC 9110 section 5.1).
    public func passes(_ name: some Collection<UInt8>) -> Bool {
        names.contains { FieldName.equal(name, $0) }
    }
}

/// Which of a provider's header fields go to the client: these, and no others (SEC-508).
public struct ResponseFieldPolicy: Sendable {
    public enum Action: Hashable, Sendable {
        case pass
        /// Passes under this name.
        case rename(String)
        case drop
    }

    /// Lower case, like all names here.
    public let names: [String]
    /// Beginnings of names that pass.
    public let prefixes: [String]
    /// Names that do not pass although a prefix says so: the gate answers with its own.
    public let exceptions: [String]
    public let renamed: [(from: String, to: String)]

    /// What happens to a field of this name; case does not matter (RFC 9110 section 5.1).
    public func action(_ name: some Collection<UInt8>) -> Action {
        if let rename = renamed.first(where: { FieldName.equal(name, $0.from) }) { return .rename(rename.to) }
        if names.contains(where: { FieldName.equal(name, $0) }) { return .pass }
        if exceptions.contains(where: { FieldName.equal(name, $0) }) { return .drop }
        let isPrefixed = prefixes.contains { prefix in
            name.count > prefix.utf8.count && FieldName.equal(name.prefix(prefix.utf8.count), prefix)
        }
        return isPrefixed ? .pass : .drop
    }
}

enum FieldName {
    /// Whether `name` is `lowered`, which is in lower case already.
    static func equal(_ name: some Collection<UInt8>, _ lowered: String) -> Bool {
        name.count == lowered.utf8.count
            && zip(name, lowered.utf8).allSatisfy { byte, other in
                (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte) == other
            }
    }
}
