import Crypto
import FoundationEssentials
public import NIOCore

/// Opens one sealed request, as its pieces come (EHBP; HPKE base mode, RFC 9180 section 5.1.1).
///
/// Noncopyable: a copied HPKE context would count its frames twice. Nothing of the body is to be used before `finish`
/// has returned, as later frames may turn out to be somebody else's.
public struct RequestOpener: ~Copyable, Sendable {
    /// What was opened so far.
    public private(set) var plaintext = ByteBuffer()
    /// Frames opened so far.
    public private(set) var frames = 0

    private let encapsulated: EncapsulatedKey
    private let keys: [EndpointKey]
    private var context: HPKE.Recipient?
    private var reader = FrameReader()

    /// - Parameter keys: the key in force first, then those that clients may still have; the first frame tells.
    public init(_ encapsulated: EncapsulatedKey, keys: [EndpointKey]) {
        self.encapsulated = encapsulated
        self.keys = keys
    }

    public mutating func take(_ bytes: ByteBuffer) throws(SealedFault) {
        reader.take(bytes)
        while let frame = try reader.next() {
            try open(frame)
            frames += 1
        }
    }

    /// The body is over: what the answer is sealed by.
    /// - Throws: `FRAMING_TRUNCATED`, or `EMPTY_SEALED_BODY` when nothing was sealed.
    public consuming func finish() throws(SealedFault) -> AnswerSecret {
        try reader.finish()
        guard let context else { throw SealedFault(.emptySealedBody, "the body holds no frame") }
        return try AnswerSecret(encapsulated) { try context.exportSecret(context: $0, outputByteCount: $1) }
    }

    /// What a request is answered that cannot be opened after so many frames: 422 with the key problem when the first frame is sealed to
    /// another key, else 400. Nothing more is said, so that nobody learns from it.
    public static func status(of fault: SealedFault, after frames: Int) -> Int {
        fault.code == .decryptFailed && frames == 0 ? 422 : 400
    }

    private mutating func open(_ frame: ByteBuffer) throws(SealedFault) {
        guard frame.readableBytes >= SealedSuite.tagBytes else {
            throw SealedFault(.decryptFailed, "a frame is shorter than its tag")
        }
        if var context {
            let opened = frame.withUnsafeReadableBytes { try? context.open($0) }
            guard let opened else { throw Self.unopened }
            self.context = context
            plaintext.writeBytes(opened)
            return
        }
        for key in keys {
            var recipient: HPKE.Recipient
            do {
                recipient = try HPKE.Recipient(
                    privateKey: key.key,
                    ciphersuite: SealedSuite.ciphersuite,
                    info: Data(SealedSuite.info),
                    encapsulatedKey: Data(encapsulated.point.bytes)
                )
            } catch {
                throw SealedFault(.hpkeSetupFailed, "the encapsulated key is of no use")
            }
            let opened = frame.withUnsafeReadableBytes { try? recipient.open($0) }
            guard let opened else { continue }
            context = recipient
            plaintext.writeBytes(opened)
            return
        }
        throw Self.unopened
    }

    private static var unopened: SealedFault { SealedFault(.decryptFailed, "a frame does not open") }
}
