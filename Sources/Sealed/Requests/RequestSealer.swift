import Crypto
import FoundationEssentials
public import NIOCore

/// Seals one request to a key that is trusted (EHBP; HPKE base mode, RFC 9180 section 5.1.1).
///
/// Noncopyable: two copies of an HPKE context would seal two frames under one nonce.
public struct RequestSealer: ~Copyable, Sendable {
    /// The most plaintext in a frame.
    public static let frameBytes = 65_536

    /// What goes into the request's header field.
    public let encapsulated: EncapsulatedKey
    private var context: HPKE.Sender

    /// - Throws: `HPKE_SETUP_FAILED`.
    public init(to document: KeyDocument) throws(SealedFault) {
        guard let recipient = document.publicKey.publicKey,
            let context = try? HPKE.Sender(
                recipientKey: recipient,
                ciphersuite: SealedSuite.ciphersuite,
                info: Data(SealedSuite.info)
            ),
            let point = PublicPoint(Array(context.encapsulatedKey))
        else { throw SealedFault(.hpkeSetupFailed, "nothing can be sealed to this key") }
        self.context = context
        encapsulated = EncapsulatedKey(point)
    }

    /// The frames of a piece of the body; none for an empty one.
    public mutating func seal(_ plaintext: ByteBuffer) throws(SealedFault) -> ByteBuffer {
        var rest = plaintext
        var frames = ByteBuffer()
        while let piece = rest.readSlice(length: min(Self.frameBytes, rest.readableBytes)), piece.readableBytes > 0 {
            do {
                let sealed = try piece.withUnsafeReadableBytes { try context.seal($0) }
                frames.writeInteger(UInt32(sealed.count))
                frames.writeBytes(sealed)
            } catch {
                throw SealedFault(.sequenceOverflow, "no more can be sealed in this request")
            }
        }
        return frames
    }

    /// The body is over: what the answer is sealed by.
    public consuming func finish() throws(SealedFault) -> AnswerSecret {
        try AnswerSecret(encapsulated) { try context.exportSecret(context: $0, outputByteCount: $1) }
    }
}
