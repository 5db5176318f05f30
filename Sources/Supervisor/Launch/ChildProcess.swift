public import OstiaryCore

/// A child that was started, with everything below it. Tests bring their own.
///
/// An implementer must reach the very processes it started, never whatever else has their number by now.
public protocol ChildProcess: AnyObject, Sendable {
    /// Its number, for people.
    var pid: Int32 { get }
    /// What its streams said last, scrubbed.
    var lastLines: [String] { get }
    /// How it ended, once it and all below it are gone; `nil` when the waiting task is cancelled first.
    func ended() async -> Ending?
    /// Sends a signal to its group.
    func signal(_ number: Int32)
    /// Asks it and all below it to end (SIGTERM).
    func end()
    /// Ends it and all below it by force (SIGKILL).
    func kill()
    /// Ends the guardian itself, where even that is of no avail; the kernel then ends the child.
    func abandon()
    /// Puts other secrets into its files.
    func replace(_ secrets: [ChildSecret])
    /// Bytes that it and all below it have in RAM; `nil` where that cannot be told.
    func memory() -> Int?
    /// Whose the listener on this port is.
    func listener(on port: UInt16) -> Listener
}

/// Who listens on a port.
public enum Listener: Hashable, Sendable {
    case nobody
    case child
    case somebodyElse
}

/// Starts children.
public protocol ChildLauncher: Sendable {
    /// Returns once the child has become the program of the plan.
    /// - Parameter port: where it is to listen.
    func launch(
        _ plan: ChildPlan,
        port: UInt16?,
        secrets: [ChildSecret]
    ) async throws(SupervisorFault) -> any ChildProcess
}
