import Crypto
import FoundationEssentials
public import NIOCore

/// Seals one answer: each write is a frame, so that an event is sent as it was written.
///
/// Noncopyable: two copies would seal two frames under one nonce.
public struct AnswerSealer: ~Copyable, Sendable {
    /// What goes into the answer's header field.
    public var nonce: ResponseNonce { keys.nonce }

    private let keys: AnswerKeys
    private var sequence: UInt64 = 0

    init(_ keys: AnswerKeys) {
        self.keys = keys
    }

    /// The frame of a write; nothing for an empty one.
    /// - Throws: `SEQUENCE_OVERFLOW`.
    public mutating func seal(_ plaintext: ByteBuffer) throws(SealedFault) -> ByteBuffer {
        guard plaintext.readableBytes > 0 else { return ByteBuffer() }
        guard sequence < .max, plaintext.readableBytes <= FrameReader.limit - SealedSuite.tagBytes else {
            throw SealedFault(.sequenceOverflow, "no more can be sealed in this answer")
        }
        do {
            let nonce = try AES.GCM.Nonce(data: AnswerKeys.nonce(keys.base, sequence))
            let box = try plaintext.withUnsafeReadableBytes { try AES.GCM.seal($0, using: keys.key, nonce: nonce) }
            sequence += 1
            var frame = ByteBuffer()
            frame.reserveCapacity(4 + plaintext.readableBytes + SealedSuite.tagBytes)
            frame.writeInteger(UInt32(plaintext.readableBytes + SealedSuite.tagBytes))
            frame.writeBytes(box.ciphertext)
            frame.writeBytes(box.tag)
            return frame
        } catch {
            throw SealedFault(.invalidInput, "nothing can be sealed under this key")
        }
    }
}
