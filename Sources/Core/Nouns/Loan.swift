import Synchronization

/// A secret lent for one exchange. Whoever holds it can have the bytes written where they belong, and nothing else.
///
/// Noncopyable, so it cannot be kept beside the exchange it was lent for.
public struct Loan: ~Copyable, Sendable {
    /// What was lent: to be told apart from other keys, and to be spoken of to its lender.
    public let key: SecretHolder

    public init(of holder: SecretHolder) {
        key = holder
    }

    /// Lends the secret's bytes to `body`, which must not let them out.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try key.secret.withBytes(body)
    }

    /// Lends the secret's bytes to `body`, which must not let them out, and takes them back at once. For what is no
    /// exchange with a provider.
    public static func withBytes<Result: ~Copyable, Failure: Error>(
        of holder: SecretHolder,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try holder.secret.withBytes(body)
    }

    /// The provider has taken the key.
    public borrowing func accepted() {
        if key.isInDoubt { key.lender?.accepted(key) }
    }
}

/// Keeps a secret for as long as somebody may ask for it; replaced, not changed, when the secret rotates.
public final class SecretHolder: Sendable {
    let secret: Secret
    /// Tells this key from every other of the process. Two holders of the same bytes have two numbers.
    public let number: UInt64
    /// Who wants to hear how the key fares; `nil` where nobody does, or no longer.
    public weak let lender: (any Lender)?
    private let doubt = Atomic<Bool>(false)

    private static let numbers = Atomic<UInt64>(0)

    public init(_ secret: consuming Secret, lender: (any Lender)? = nil) {
        self.secret = secret
        self.lender = lender
        number = Self.numbers.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Whether both hold the same bytes. Takes the same time for all secrets of one length (SEC-208).
    public func hasSameBytes(as other: SecretHolder) -> Bool {
        secret.withBytes { mine in
            other.secret.withBytes { theirs in
                guard mine.count == theirs.count else { return false }
                var difference: UInt8 = 0
                for index in mine.indices { difference |= mine[index] ^ theirs[index] }
                return difference == 0
            }
        }
    }

    /// Whether a provider has refused the key and none has taken it since.
    public var isInDoubt: Bool {
        get { doubt.load(ordering: .relaxed) }
        set { doubt.store(newValue, ordering: .relaxed) }
    }
}
