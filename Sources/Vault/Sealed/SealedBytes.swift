import Crypto
import FoundationEssentials
import OstiaryCore

/// Bytes under AES-256-GCM, bound to the place they belong to.
struct SealedBytes: Hashable, Sendable {
    /// 96 random bits, new for every sealing.
    let nonce: [UInt8]
    /// The ciphertext with its tag of 16 bytes behind it.
    let text: [UInt8]

    static let nonceBytes = 12
    static let tagBytes = 16

    init(nonce: [UInt8], text: [UInt8]) {
        self.nonce = nonce
        self.text = text
    }

    /// Seals `plain` for the place that `binding` names.
    init(sealing plain: UnsafeRawBufferPointer, under key: SymmetricKey, binding: Binding) throws(SealFault) {
        do {
            let box = try AES.GCM.seal(plain, using: key, nonce: AES.GCM.Nonce(), authenticating: binding.bytes)
            nonce = Array(box.nonce)
            text = Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw SealFault()
        }
    }

    /// What was sealed, if it was sealed under this key for this place.
    func open(under key: SymmetricKey, binding: Binding) throws(SealFault) -> Secret {
        guard nonce.count == Self.nonceBytes, text.count >= Self.tagBytes else { throw SealFault() }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: nonce),
                ciphertext: text.dropLast(Self.tagBytes),
                tag: text.suffix(Self.tagBytes)
            )
            var plain = try AES.GCM.open(box, using: key, authenticating: binding.bytes)
            defer { plain.resetBytes(in: plain.startIndex..<plain.endIndex) }
            return Secret(copying: plain.span)
        } catch {
            throw SealFault()
        }
    }

    /// What sealed bytes are, so that none can stand in another's place. Names and key names hold no bar.
    enum Binding: Sendable {
        case dataKey(kid: String)
        case entry(kid: String, name: StoredName, generation: Int)

        var bytes: [UInt8] {
            switch self {
            case .dataKey(let kid): Array("ctsec1|key|\(kid)".utf8)
            case .entry(let kid, let name, let generation): Array("ctsec1|\(kid)|\(name)|\(generation)".utf8)
            }
        }
    }
}

/// It is not what was sealed, or cannot be sealed; there is nothing more to know.
struct SealFault: Error {}
