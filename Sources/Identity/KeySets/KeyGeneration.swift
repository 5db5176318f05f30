import Synchronization

/// A number that changes whenever any key that was trusted could have changed. What was verified under another number
/// is verified anew.
///
/// Numbers are drawn from one series of the process, so two instances never show the same one: what one configuration
/// verified is never taken for verified under the next.
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

    private static func draw() -> UInt64 {
        series.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
