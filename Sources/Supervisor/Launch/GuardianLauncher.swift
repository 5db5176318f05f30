import CSupervise
public import OstiaryCore
import Subprocess
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Starts each child under a guardian of its own: this program once more, as `ostiary supervise-child`.
///
/// The guardian is started by swift-subprocess, which closes what it should not inherit, waits for it by its descriptor
/// (pidfd) and reaps it. What swift-subprocess has no way to ask for, the guardian does (`Guardian`).
public struct GuardianLauncher: ChildLauncher {
    private let program: String
    private let passedOn: @Sendable (ChildStream, [UInt8]) -> Void
    private let counters: OutputCounters

    /// - Parameters:
    ///   - program: the program that has the command `supervise-child`: this one, whatever lies at its path by now.
    ///   - passedOn: gets the lines of children whose streams are passed on, scrubbed, with their line ends.
    public init(
        program: String = "/proc/self/exe",
        passedOn: @escaping @Sendable (ChildStream, [UInt8]) -> Void = { _, _ in }
    ) {
        self.program = program
        self.passedOn = passedOn
        counters = OutputCounters()
    }

    public var instruments: [Instrument] { counters.instruments }

    public func launch(
        _ plan: ChildPlan,
        port: UInt16?,
        secrets: [ChildSecret]
    ) async throws(SupervisorFault) -> any ChildProcess {
        guard secrets.count <= 16 else { throw .unusable("a child is lent at most 16 secrets") }
        var order = GuardianOrder(executable: plan.executable)
        order.environment = plan.environment
        if let port, let variable = plan.port?.variable { order.environment[variable] = "\(port)" }
        order.folder = plan.folder
        order.grace = plan.grace
        order.descriptors = plan.limits.descriptors
        order.processes = plan.limits.processes
        order.addressSpace = plan.limits.addressSpace
        order.secrets = secrets.map { GuardianOrder.Lent(name: $0.name, way: $0.way) }
        if case .inherited(takesTerminal: true) = plan.streams { order.takesTerminal = true }
        let message = order.encoded()
        guard message.count <= ControlSocket.limit else {
            throw .unusable("the child's environment is larger than \(ControlSocket.limit >> 10) KiB")
        }

        var pair: [Int32] = [-1, -1]
        guard csupervise_pair(&pair) == 0 else { throw .notStarted(step: "socket", reason: SystemFault.last.reason) }
        let control = ControlSocket(pair[0])
        let streams: ChildStreams
        do throws(SupervisorFault) {
            streams = try ChildStreams(plan.streams, secrets: secrets, counters: counters, passedOn: passedOn)
        } catch {
            close(pair[1])
            throw error
        }
        let child = GuardedChild(control: control, streams: streams)
        do throws(SupervisorFault) {
            try LentMemory.with(secrets[...]) { memories throws(SupervisorFault) in
                guard control.send(message, streams.given + memories) else {
                    throw .notStarted(step: "order", reason: SystemFault.last.reason)
                }
            }
        } catch {
            close(pair[1])
            throw error
        }
        streams.closeGiven()
        child.listen()
        child.run(program, ["supervise-child", "--"] + plan.arguments, order.takesTerminal, guardian: pair[1])
        try await child.started()
        return child
    }
}
