public import OstiaryWire

/// Which of a client's header fields go to the provider: these, and no others (SEC-501).
///
/// An allow-list, because a provider gives meaning to fields that nobody here has heard of yet: accounts, hosts,
/// proxies, features. Framing, `Host`, the credential and the request id are written anew by the gate, and no
/// `Accept-Encoding` passes, so that answers come in a form the gate can watch.
public struct RequestFieldPolicy: Sendable {
    public let names: [FieldName]

    public init(names: [FieldName]) {
        self.names = names
    }
}

/// Which of a provider's header fields go to the client: these, and no others (SEC-508).
public struct ResponseFieldPolicy: Sendable {
    // One bit a name.
    private let passing: UInt64
    private let renamed: [(from: FieldName, to: StaticString)]

    /// - Parameters:
    ///   - names: the fields that pass as they are.
    ///   - renamed: the fields that pass under another name.
    public init(names: [FieldName], renamed: [(from: FieldName, to: StaticString)]) {
        passing = names.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
        self.renamed = renamed
    }

    /// The name under which the client sees a field; `nil` when it does not see it.
    public func nameForClient(_ name: FieldName) -> StaticString? {
        if passing >> UInt64(name.rawValue) & 1 == 1 { return name.text }
        return renamed.first { $0.from == name }?.to
    }
}
