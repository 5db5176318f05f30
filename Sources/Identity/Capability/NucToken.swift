import Crypto
public import OstiaryCore

/// One token of an envelope, read but not believed: a capability that its issuer gives its audience.
///
/// What was received is what is signed and hashed; nothing is ever written anew.
public final class NucToken: Sendable {
    /// Header, payload and signature in base64url, with dots between them.
    public let text: [UInt8]
    public let hash: NucHash
    public let payload: NucPayload
    let header: NucHeader
    public let signature: [UInt8]
    private let signedCount: Int

    /// - Parameter hash: where the caller has hashed the text already.
    init(_ text: ArraySlice<UInt8>, hash: NucHash? = nil) throws(NucFault) {
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        guard let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .malformed }
        self.text = Array(text)
        self.hash = hash ?? NucHash(of: text)
        self.header = try NucHeader(header)
        self.payload = try NucPayload(payload)
        self.signature = signature
        signedCount = parts[0].count + 1 + parts[1].count
    }

    public var isInvocation: Bool { payload.isInvocation }

    /// What `typ` calls it, for people.
    public var form: String {
        switch header {
        case .version0: "version 0"
        case .version1: "version 1"
        case .wallet: "version 1, signed by a wallet"
        }
    }

    /// Whether the signature is the issuer's.
    /// - Parameters:
    ///   - key: the issuer's, where the caller has read it already.
    ///   - wallets: what is accepted of wallets.
    func isGenuine(by key: Secp256k1PublicKey? = nil, wallets: WalletRule?) -> Bool {
        guard payload.issuer.method == header.issuerMethod else { return false }
        if case .wallet(let meta) = header {
            return wallets?.isGenuine(self, meta: meta) ?? false
        }
        guard let key = key ?? payload.issuer.publicKey, key.compressed == payload.issuer.bytes else { return false }
        var hash = SHA256()
        text.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0.prefix(signedCount))) }
        return key.verifies(signature, of: hash.finalize().withUnsafeBytes { Array($0) })
    }
}

extension Base64URL {
    /// The same for a part of an array.
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        text.withUnsafeBufferPointer { decode($0.span) }
    }
}
