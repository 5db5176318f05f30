public import NIOCore

extension ByteBuffer {
    /// Takes in what has come, behind what still waits to be read.
    ///
    /// What was read already is let go of. Writing alone would keep it in front for as long as there is always more behind
    /// it, and a client sees to that if it likes.
    public mutating func takeIn(_ bytes: ByteBuffer) {
        guard readableBytes > 0 else { return self = bytes }
        // The bytes that move are no more than those that were read since the last time.
        if readerIndex >= readableBytes { discardReadBytes() }
        writeImmutableBuffer(bytes)
    }
}
