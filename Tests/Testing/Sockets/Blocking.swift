import Dispatch
import Foundation

/// Runs code that waits for a socket or a condition on a thread of its own, so that the tasks of the test go on.
public func blocking<Value: Sendable>(_ operation: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try operation() }) }
    }
}

/// Something that was to happen did not.
public struct NothingHappened: Error, CustomStringConvertible {
    public let description: String

    public init(_ what: String) {
        description = "nothing happened within the time: \(what)"
    }
}

/// A door that a test opens once.
public final class Latch: Sendable {
    private let watched = Observed(false)

    public init() {}

    public func open() { watched.change { $0 = true } }
    public var isOpen: Bool { watched.value }
    public func wait(_ what: String = "the latch opens") async throws { try await watched.wait(what) { $0 } }
}

/// A value that others can wait for.
public final class Observed<Value: Sendable>: @unchecked Sendable {
    // `state` is touched with `condition` locked only.
    private let condition = NSCondition()
    private var state: Value

    public init(_ value: Value) {
        state = value
    }

    public var value: Value {
        condition.lock()
        defer { condition.unlock() }
        return state
    }

    @discardableResult
    public func change<Result>(_ change: (inout Value) -> Result) -> Result {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return change(&state)
    }

    /// Returns the value once it is as wanted.
    /// - Throws: `NothingHappened` after `seconds`, which end a test that hangs and decide nothing else.
    @discardableResult
    public func wait(
        _ what: String,
        seconds: Double = 30,
        until isWanted: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        try await blocking { [self] in
            condition.lock()
            defer { condition.unlock() }
            let end = Date(timeIntervalSinceNow: seconds)
            while !isWanted(state) {
                guard condition.wait(until: end) else { throw NothingHappened(what) }
            }
            return state
        }
    }
}
