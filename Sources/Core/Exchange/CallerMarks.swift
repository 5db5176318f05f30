public import Crypto

/// Names that stand for callers, sessions and tools towards providers, and tell nothing about them.
public struct CallerMarks: Sendable {
    private let key: SymmetricKey
    private let principal: [UInt8]

    /// - Parameters:
    ///   - key: the gate's own; whoever has it can test guesses.
    ///   - principal: who calls, in any unambiguous spelling.
    public init(key: SymmetricKey, principal: [UInt8]) {
        self.key = key
        self.principal = principal
    }

    /// Stands for a user that the client named: 32 hexadecimal digits, the same for the same caller and name.
    public func user(_ name: [UInt8]) -> String { mark("user", name) }

    /// Stands for a conversation, so that a provider's prompt cache is found again.
    public func session(_ name: [UInt8]) -> String { mark("session", name) }

    private func mark(_ kind: StaticString, _ name: [UInt8]) -> String {
        var hmac = HMAC<SHA256>(key: key)
        kind.withUTF8Buffer { hmac.update(data: Array($0)) }
        // Lengths keep one principal's names from meeting another's.
        hmac.update(data: [0] + Array("\(principal.count).".utf8) + principal + name)
        return Self.hexadecimal(hmac.finalize(), 16)
    }

    /// The first four bytes of a name's SHA-256, as eight hexadecimal digits; the same on every gate.
    public static func digest(_ name: [UInt8]) -> String { hexadecimal(SHA256.hash(data: name), 4) }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>, _ count: Int) -> String {
        var digits: [UInt8] = []
        for byte in bytes.prefix(count) {
            digits.append(Hex.digit(byte >> 4))
            digits.append(Hex.digit(byte & 0xf))
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
