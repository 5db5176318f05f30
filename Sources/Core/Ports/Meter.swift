/// Something that counts up. Rooms keep their counters and hand them to the journal by name; nobody looks a counter
/// up while a request waits.
import Synchronization

/// A number that only grows, shared between threads without a lock.
public final class Counter: Sendable {
    private let value = Atomic<Int64>(0)

    public init() {}

    public func increment(by amount: Int64 = 1) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    public var current: Int64 { value.load(ordering: .relaxed) }
}

/// A number that goes up and down: the fill of something bounded.
public final class Gauge: Sendable {
    private let value = Atomic<Int64>(0)

    public init() {}

    public func add(_ amount: Int64) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    public func set(_ amount: Int64) {
        value.store(amount, ordering: .relaxed)
    }

    public var current: Int64 { value.load(ordering: .relaxed) }
}
