import OstiaryCore
import Subprocess
import Synchronization
import SystemPackage

/// A child under a guardian, as this process sees it: the guardian's words, the streams, and a way to reach both.
final class GuardedChild: ChildProcess {
    private struct State {
        var pid: Int32 = 0
        /// What the guardian said about the end; it counts once the guardian is gone too.
        var ending: Ending?
        var fault: SupervisorFault?
        var guardian: Int32 = 0
    }

    private let control: ControlSocket
    private let streams: ChildStreams
    private let state = Mutex(State())
    private let beginning = Latch<SupervisorFault?>()
    private let end_ = Latch<Ending>()
    private let abandoned = Latch<Void>()

    init(control: ControlSocket, streams: ChildStreams) {
        self.control = control
        self.streams = streams
    }

    var pid: Int32 { state.withLock { $0.pid } }
    var lastLines: [String] { streams.lastLines }

    /// Returns when the child has become the program.
    /// - Throws: when it could not. A cancelled caller ends it.
    func started() async throws(SupervisorFault) {
        guard let outcome = await beginning.wait() else {
            control.close()
            throw .cancelled
        }
        if let fault = outcome {
            control.close()
            throw fault
        }
    }

    func ended() async -> Ending? { await end_.wait() }
    func signal(_ number: Int32) { control.send("signal \(number)") }
    func end() { control.send("end") }
    func kill() { control.send("kill") }
    func abandon() { abandoned.set(()) }

    func replace(_ secrets: [ChildSecret]) {
        streams.scrubber.add(secrets)
        let files = secrets.filter { $0.way == .file }
        let names = files.map(\.name).joined(separator: " ")
        try? LentMemory.with(files[...]) { memories throws(SupervisorFault) in
            control.send(Array("secrets \(names)".utf8), memories)
        }
    }

    func memory() -> Int? {
        let guardian = state.withLock { $0.guardian }
        return guardian == 0 ? nil : Family(below: guardian).memory
    }

    func listener(on port: UInt16) -> Listener {
        let guardian = state.withLock { $0.guardian }
        return PortSight.listener(on: port, family: Family(below: guardian))
    }

    /// Hears the guardian out.
    func listen() {
        control.listen { [weak self] word in self?.heard(word) }
    }

    /// Runs the guardian. It ends when its child and all below are gone, or when this side of the socket closes.
    func run(_ program: String, _ arguments: [String], _ takesTerminal: Bool, guardian descriptor: Int32) {
        var options = PlatformOptions()
        // A terminal belongs to a session: who is to use it stays in this one.
        options.createSession = !takesTerminal
        let prepared = options
        Task.detached { [self] in
            do {
                _ = try await Subprocess.run(
                    .path(FilePath(program)),
                    arguments: Arguments(executablePathOverride: "ostiary", remainingValues: arguments),
                    environment: .custom([:] as [Environment.Key: String]),
                    platformOptions: prepared,
                    input: .fileDescriptor(
                        FileDescriptor(rawValue: descriptor),
                        closeAfterSpawningProcess: true
                    ),
                    output: .discarded,
                    error: .discarded
                ) { execution in
                    state.withLock { $0.guardian = execution.processIdentifier.value }
                    await watch(execution.processIdentifier) {
                        // By its descriptor, so never another process that has its number by now.
                        try? execution.send(signal: .kill)
                    }
                }
            } catch {
                beginning.set(.notStarted(step: "guardian", reason: "the system does not start it"))
            }
            gone()
        }
    }

    /// Returns when the guardian has said how it ended, or has to be ended itself.
    private func watch(_ guardian: ProcessIdentifier, _ kill: () -> Void) async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { [heardOut] in await heardOut.wait() != nil && false }
            group.addTask { [abandoned] in await abandoned.wait() != nil }
            let mustKill = await group.next() ?? false
            group.cancelAll()
            if mustKill { kill() }
        }
    }

    /// Set when the guardian's side of the socket is closed.
    private let heardOut = Latch<Void>()

    private func heard(_ word: String?) {
        guard let word else { return heardOut.set(()) }
        let words = word.split(separator: " ")
        let number = words.last.flatMap { Int32($0) } ?? 0
        switch words.first {
        case "started":
            state.withLock { $0.pid = number }
            beginning.set(nil)
        case "failed":
            let step = words.count > 2 ? String(words[1]) : "start"
            beginning.set(.notStarted(step: step, reason: SystemFault(number).reason))
        case "ended":
            let isSignal = words.count > 2 && words[1] == "signal"
            state.withLock { $0.ending = isSignal ? .signal(number) : .exit(number) }
        default: break
        }
    }

    private func gone() {
        // Before the end is told, so that the last words are there.
        streams.finish { [self] in
            let ending = state.withLock { state in
                state.guardian = 0
                return state.ending
            }
            beginning.set(.notStarted(step: "guardian", reason: "it ended before the child began"))
            control.close()
            // A guardian that was killed could not say how; the kernel kills its child then.
            end_.set(ending ?? .signal(9))
        }
    }
}
