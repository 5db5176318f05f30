import Crypto
import FoundationEssentials
public import NIOCore

/// Opens one sealed answer as its pieces come. A frame's content is handed out when its tag is good, and nothing behind
/// the first that is not.
public struct AnswerOpener: ~Copyable, Sendable {
    private let keys: AnswerKeys
    private var reader = FrameReader()
    private var sequence: UInt64 = 0
    private var isBroken = false

    init(_ keys: AnswerKeys) {
        self.keys = keys
    }

    /// - Parameter release: gets each frame's content, in order, also of those before a bad one.
    /// - Throws: `AEAD_DECRYPT_FAILED`, `CHUNK_TOO_LARGE`.
    public mutating func take(_ bytes: ByteBuffer, _ release: (ByteBuffer) -> Void) throws(SealedFault) {
        guard !isBroken else { throw Self.unopened }
        isBroken = true
        reader.take(bytes)
        while let frame = try reader.next() {
            release(try open(frame))
            sequence += 1
        }
        isBroken = false
    }

    /// The body is over.
    /// - Throws: `FRAMING_TRUNCATED` within a frame. A body that lost whole frames ends well here: whoever reads its
    ///   content has to know its end.
    public consuming func finish() throws(SealedFault) { try reader.finish() }

    private func open(_ frame: ByteBuffer) throws(SealedFault) -> ByteBuffer {
        guard frame.readableBytes >= SealedSuite.tagBytes, sequence < .max else { throw Self.unopened }
        do {
            let nonce = try AES.GCM.Nonce(data: AnswerKeys.nonce(keys.base, sequence))
            let opened = try frame.withUnsafeReadableBytes { bytes in
                let box = try AES.GCM.SealedBox(
                    nonce: nonce,
                    ciphertext: bytes.dropLast(SealedSuite.tagBytes),
                    tag: bytes.suffix(SealedSuite.tagBytes)
                )
                return try AES.GCM.open(box, using: keys.key)
            }
            return ByteBuffer(bytes: opened)
        } catch {
            throw Self.unopened
        }
    }

    private static var unopened: SealedFault { SealedFault(.decryptFailed, "a frame does not open") }
}
