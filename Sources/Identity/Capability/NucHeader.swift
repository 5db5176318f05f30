import OstiaryCore

/// The first part of a token: which form it has. Nothing of it chooses an algorithm, as there is one.
enum NucHeader: Sendable {
    /// `{"alg":"ES256K"}` and nothing else.
    case version0
    /// `typ` is `nuc`.
    case version1
    /// `typ` is `nuc+eip712`: signed by a wallet as typed data, described by `meta`.
    case wallet(meta: JSONObject)

    static let text0 = Array(#"{"alg":"ES256K"}"#.utf8)
    static let text1 = Array(#"{"typ":"nuc","alg":"ES256K","ver":"1.0.0"}"#.utf8)

    init(_ bytes: [UInt8]) throws(NucFault) {
        if bytes == Self.text0 {
            self = .version0
            return
        }
        guard let object = (try? JSONReader.read(bytes, depth: 16))?.object else { throw .malformed }
        guard object["alg"]?.string == "ES256K" else { throw .malformed }
        guard object.members.count > 1 else {
            self = .version0
            return
        }
        guard let version = object["ver"]?.string, Self.isVersion(version) else { throw .malformed }
        switch (object["typ"]?.string, object.members.count) {
        case ("nuc", 3): self = .version1
        case ("nuc+eip712", 4):
            guard let meta = object["meta"]?.object else { throw .malformed }
            self = .wallet(meta: meta)
        default: throw .malformed
        }
    }

    /// Three whole numbers with dots between them.
    private static func isVersion(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 3
            && parts.allSatisfy { part in
                !part.isEmpty && part.count <= 9 && part.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
            }
    }

    /// The method that an issuer's DID has in a token of this form.
    var issuerMethod: DID.Method {
        switch self {
        case .version0: .nil
        case .version1: .key
        case .wallet: .ethr
        }
    }
}
