/// Bytes that cannot be printed, encoded or copied into text; zeroed at the end.
///
/// Noncopyable, so `print`, string interpolation, mirrors and encoders do not take it: they do not compile. Whoever
/// needs the bytes gets them for the length of a closure and must not let them out.
public struct Secret: ~Copyable, Sendable {
    // Written once in the initialiser and never again until `deinit`, so sharing it between threads is sound.
    private nonisolated(unsafe) let storage: UnsafeMutableBufferPointer<UInt8>

    /// Copies `bytes`; the caller is to forget its own copy.
    public init(copying bytes: borrowing Span<UInt8>) {
        storage = .allocate(capacity: bytes.count)
        for index in bytes.indices { storage.initializeElement(at: index, to: bytes[index]) }
    }

    /// The number of bytes.
    public var count: Int { storage.count }

    /// Lends the bytes to `body`.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeBufferPointer(storage).span)
    }

    deinit {
        // Through a volatile-like barrier the optimiser cannot see into, so that the writes are not dropped.
        zero(storage)
        storage.deallocate()
    }
}

@inline(never)
@_optimize(none)
private func zero(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
    for index in bytes.indices { bytes[index] = 0 }
}
