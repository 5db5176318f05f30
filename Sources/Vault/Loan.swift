import OstiaryCore

/// A key lent for one call. Noncopyable: whoever has it uses it and lets it go; the vault keeps the key.
public struct Loan: ~Copyable, Sendable {
    private let kept: KeptSecret

    init(_ kept: KeptSecret) {
        self.kept = kept
    }

    /// Shows the key's bytes to `body`, which must not let them out.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try kept.secret.withBytes(body)
    }
}

/// Gives a secret an address, so that many loans at once share it and the last one to go zeroes it.
final class KeptSecret: Sendable {
    let secret: Secret

    init(_ secret: consuming Secret) {
        self.secret = secret
    }
}
