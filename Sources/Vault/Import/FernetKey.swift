import Crypto
import CryptoExtras
import FoundationEssentials
import OstiaryCore

/// A key of the Fernet format (AES-128-CBC with HMAC-SHA-256), for reading what other programs sealed. We seal nothing
/// in it.
struct FernetKey: Sendable {
    private static let version: UInt8 = 0x80
    /// Version, time and initialisation vector before the ciphertext, the mark behind it.
    private static let head = 1 + 8 + 16
    private static let mark = 32

    private let signing: SymmetricKey
    private let encryption: SymmetricKey

    /// - Parameter text: 32 bytes in base64url, the first half for marks.
    /// - Returns: `nil` when it is no key.
    init?(_ text: [UInt8]) {
        guard var bytes = Self.decoded(text), bytes.count == 32 else { return nil }
        defer { wipe(&bytes) }
        signing = SymmetricKey(data: bytes[..<16])
        encryption = SymmetricKey(data: bytes[16...])
    }

    /// What `token` holds, if it was made under this key. How old it is does not matter: it is a store, not a message.
    func open(_ token: [UInt8]) -> Secret? {
        guard let bytes = Self.decoded(token), bytes.first == Self.version,
            bytes.count >= Self.head + 16 + Self.mark
        else { return nil }
        let body = bytes.dropLast(Self.mark)
        // Looked at before anything is decrypted, so that no answer depends on the padding.
        guard HMAC<SHA256>.isValidAuthenticationCode(bytes.suffix(Self.mark), authenticating: body, using: signing),
            let vector = try? AES._CBC.IV(ivBytes: body.dropFirst(9).prefix(16)),
            var plain = try? AES._CBC.decrypt(body.dropFirst(Self.head), using: encryption, iv: vector)
        else { return nil }
        defer { plain.resetBytes(in: plain.startIndex..<plain.endIndex) }
        return Secret(copying: plain.span)
    }

    /// Base64url with its padding, and a line end where somebody's editor left one.
    private static func decoded(_ text: [UInt8]) -> [UInt8]? {
        var text = text
        defer { wipe(&text) }
        while let last = text.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { text.removeLast() }
        guard text.count % 4 == 0 else { return nil }
        var padding = 0
        while padding < 2, text.last == UInt8(ascii: "=") {
            text.removeLast()
            padding += 1
        }
        return Base64URL.decode(text.span)
    }
}
