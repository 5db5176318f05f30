/// Where a key lies, as the configuration's `key:` says: such as `env:NAME` or `file:path`. It names a place and never holds
/// a key.
public struct SourceReference: Hashable, Sendable, CustomStringConvertible {
    let source: any KeySource

    /// A source with options, which a line of text does not hold.
    public init(_ source: any KeySource) {
        self.source = source
    }

    /// - Throws: `SourceFault`; it lists the kinds that are known and does not repeat `text`.
    public init(_ text: String) throws(SourceFault) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .notAReference }
        let kind = text[..<colon]
        let argument = String(text[text.utf8.index(after: colon)...])
        for type in KeySources.all where type.kind.utf8.elementsEqual(kind.utf8) {
            source = try type.init(argument: argument)
            return
        }
        for known in KeySources.unavailable where known.utf8.elementsEqual(kind.utf8) {
            throw .notAvailable(kind: known)
        }
        throw .notAReference
    }

    /// The environment variable that is read, for `Vault.forgetEnvironment`; `nil` for other kinds.
    public var environmentName: String? { (source as? EnvironmentSource)?.name }

    public var description: String { source.label }

    public static func == (left: SourceReference, right: SourceReference) -> Bool {
        AnyHashable(left.source) == AnyHashable(right.source)
    }

    public func hash(into hasher: inout Hasher) { source.hash(into: &hasher) }
}
