public import OstiaryCore

/// The key set of the gate's own issuer, which is at hand: its tokens go through the same cache and checks as anybody's.
public struct OwnKeySet: KeySetSource {
    private let document: [UInt8]
    private let name: String

    public init(of issuer: OwnIssuer) {
        document = issuer.keySetDocument
        name = issuer.keyName
    }

    public var place: KeySetPlace? { .own(name) }

    public func read(limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument {
        FetchedDocument(body: document, maxAge: nil)
    }
}
