public import NIOCore

/// Divides a sealed body into its frames, whatever pieces it comes in: `length(4, big-endian) ciphertext`.
///
/// Holds what has come and not more: a length is believed only up to the limit, and nothing is set aside for it.
struct FrameReader: Sendable {
    /// The most bytes of ciphertext in a frame.
    static let limit = 67_108_864
    /// The most frames of length 0 in a body. They carry nothing and cost time.
    static let mostEmptyFrames = 65_536

    private var waiting = ByteBuffer()
    private var emptyFrames = 0

    mutating func take(_ bytes: ByteBuffer) {
        guard waiting.readableBytes > 0 else { return waiting = bytes }
        if waiting.readerIndex >= waiting.readableBytes { waiting.discardReadBytes() }
        waiting.writeImmutableBuffer(bytes)
    }

    /// The next frame's ciphertext; `nil` until more has come.
    /// - Throws: `CHUNK_TOO_LARGE`.
    mutating func next() throws(SealedFault) -> ByteBuffer? {
        while let length = waiting.getInteger(at: waiting.readerIndex, as: UInt32.self) {
            guard length > 0 else {
                emptyFrames += 1
                guard emptyFrames <= Self.mostEmptyFrames else {
                    throw SealedFault(.chunkTooLarge, "more than \(Self.mostEmptyFrames) empty frames")
                }
                waiting.moveReaderIndex(forwardBy: 4)
                continue
            }
            guard length <= Self.limit else {
                throw SealedFault(.chunkTooLarge, "a frame is longer than \(Self.limit) bytes")
            }
            guard let frame = waiting.getSlice(at: waiting.readerIndex + 4, length: Int(length)) else { return nil }
            waiting.moveReaderIndex(forwardBy: 4 + Int(length))
            return frame
        }
        return nil
    }

    /// The body is over.
    /// - Throws: `FRAMING_TRUNCATED` within a frame.
    func finish() throws(SealedFault) {
        guard waiting.readableBytes == 0 else { throw SealedFault(.framingTruncated, "the body ends within a frame") }
    }
}
