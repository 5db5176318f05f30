/// Bytes that cannot be printed, encoded or copied into text; zeroed at the end.
///
/// Noncopyable, so `print`, string interpolation, mirrors and encoders do not take it: they do not compile. Whoever
/// needs the bytes gets them for the length of a closure and must not let them out. They lie in pages of their own that
/// are not swapped out and not part of a core dump, where the system grants that; where it does not, they are counted.
public struct Secret: ~Copyable, Sendable {
    // Written once in the initialiser and never again until `deinit`, so sharing it between threads is sound.
    private nonisolated(unsafe) let storage: UnsafeMutableBufferPointer<UInt8>
    private let keeping: SecretMemory.Keeping

    /// Copies `bytes`; the caller is to forget its own copy.
    public init(copying bytes: borrowing Span<UInt8>) {
        (storage, keeping) = SecretMemory.take(bytes.count)
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

    deinit { SecretMemory.giveBack(storage, keeping) }

    /// Bytes of secrets that the system did not lock into memory, usually for `RLIMIT_MEMLOCK`.
    public static var unlockedBytes: Int64 { SecretMemory.unlocked.current }
}
