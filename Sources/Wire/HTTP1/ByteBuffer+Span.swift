public import NIOCore
public import OstiaryCore

extension ByteBuffer {
    /// Lends the readable bytes as a bounds-checked span.
    @inlinable
    @inline(__always)
    public func withReadableSpan<Result, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Result)
        throws(Failure) -> Result
    {
        // `withUnsafeReadableBytes` rethrows untyped; a result carries the type across.
        let result: Swift.Result<Result, Failure> = withUnsafeReadableBytes { raw in
            let bytes = raw.assumingMemoryBound(to: UInt8.self)
            do throws(Failure) {
                return .success(try body(bytes.span))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Writes these bytes.
    @inlinable
    public mutating func writeSpan(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { _ = writeBytes(UnsafeRawBufferPointer($0)) }
    }
}

extension ByteWriter {
    /// Writes the readable bytes.
    public mutating func writeImmutableBuffer(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { write($0.assumingMemoryBound(to: UInt8.self)) }
    }
}
