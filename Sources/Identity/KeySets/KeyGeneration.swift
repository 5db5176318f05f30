import Synchronization

/// A number that changes whenever anything that decides about a token could have changed: a key that was trusted, or the
/// policy of the verifier. What was verified under another number is verified anew (SEC-203).
///
/// Numbers are drawn from one series of the process, so two verifiers never show the same one: what one configuration
/// verified is never taken for verified under the next. Verifiers that share key sets share what tells of their keys.
public final class KeyGeneration: Sendable {
    private static let series = Atomic<UInt64>(0)

    /// What tells of the keys alone.
    final class Keys: Sendable {
        private let number = Atomic(KeyGeneration.draw())

        var current: UInt64 { number.load(ordering: .acquiring) }

        func advance() {
            number.store(KeyGeneration.draw(), ordering: .releasing)
        }
    }

    let keys: Keys
    private let policy = KeyGeneration.draw()

    /// - Parameter former: the generation of the verifier whose key sets are taken over.
    public init(succeeding former: KeyGeneration? = nil) {
        keys = former?.keys ?? Keys()
    }

    public var current: UInt64 { number(under: keys.current) }

    /// The number that was current when the keys showed theirs.
    func number(under keys: UInt64) -> UInt64 {
        // Both are drawn one by one from one series, so half a word holds either.
        policy << 32 | keys & 0xffff_ffff
    }

    private static func draw() -> UInt64 {
        series.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
