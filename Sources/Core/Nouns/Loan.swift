/// A secret lent for one exchange. Whoever holds it can have the bytes written where they belong, and nothing else.
///
/// Noncopyable, so it cannot be kept beside the exchange it was lent for.
public struct Loan: ~Copyable, Sendable {
    private let holder: SecretHolder

    public init(of holder: SecretHolder) {
        self.holder = holder
    }

    /// Lends the secret's bytes to `body`, which must not let them out.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try holder.secret.withBytes(body)
    }
}

/// Keeps a secret for as long as somebody may ask for it; replaced, not changed, when the secret rotates.
public final class SecretHolder: Sendable {
    let secret: Secret

    public init(_ secret: consuming Secret) {
        self.secret = secret
    }
}
