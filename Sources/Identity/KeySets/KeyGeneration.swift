import Synchronization

/// A number that changes whenever any key that was trusted could have changed. What was verified under another number
/// is verified anew.
///
/// Numbers are drawn from one series of the process, so two instances never show the same one. Verifiers that share key
/// sets share one; what sets their policies apart is a number that each draws for itself (`TokenVerifier.generation`).
public final class KeyGeneration: Sendable {
    private static let series = Atomic<UInt64>(0)
    private let number: Atomic<UInt64>

    public init() {
        number = Atomic(Self.draw())
    }

    public var current: UInt64 { number.load(ordering: .acquiring) }

    func advance() {
        number.store(Self.draw(), ordering: .releasing)
    }

    /// A number that nothing in this process has had before.
    static func draw() -> UInt64 {
        series.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
