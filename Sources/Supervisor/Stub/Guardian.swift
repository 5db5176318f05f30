import CSupervise
import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The process between a supervisor and its child: `ostiary supervise-child -- argv`, with the order's socket as its
/// standard input. One thread, no state beyond this, nothing to configure.
///
/// 1. It adopts orphans, so that whatever the child leaves behind, also in another session, becomes its own child.
/// 2. It forbids core dumps and new privileges, sets the limits, and starts the child in a group of its own, which the
///    kernel kills when the guardian ends.
/// 3. It sends the signals it is told to the group. As it alone reaps the child, the group's number stays the group's.
/// 4. When the child has ended it ends all below, tells how the child ended, and ends itself.
/// 5. When the supervisor is gone, by whatever means, it ends the child and all below.
///
/// A signal of a parent's death may come because the thread ended that started the guardian (prctl(2)); it counts only
/// if the parent is another one by then. The socket tells a death for certain.
public struct Guardian {
    private let signals: Int32
    private let parent: pid_t
    private var child: pid_t = 0
    private var ending: Ending?
    private var grace = 5.0
    private var files: LentFiles?
    /// When what is left is ended by force.
    private var deadline: MonotonicTime?
    private var isAlone = false
    private var terminal: Int32 = -1
    private let clock = SystemClock()

    private static let control: Int32 = 0
    private static let parentDied = SIGUSR2

    /// Guards one child and ends with it.
    /// - Parameter arguments: the child's, the name it is called by first.
    public static func main(_ arguments: [String]) -> Never {
        let parent = getppid()
        let signals = csupervise_signals()
        guard signals >= 0, csupervise_tell_parent_death(parentDied) == 0, csupervise_adopt_orphans() == 0,
            csupervise_limit(csupervise_core, 0) == 0, csupervise_no_new_privileges() == 0
        else { exit(71) }
        // It may have died before that was asked for.
        guard getppid() == parent else { exit(0) }
        var guardian = Guardian(signals: signals, parent: parent)
        guardian.run(arguments)
    }

    private init(signals: Int32, parent: pid_t) {
        self.signals = signals
        self.parent = parent
    }

    private mutating func run(_ arguments: [String]) -> Never {
        guard let (bytes, descriptors) = Self.receive(), let order = GuardianOrder(bytes), let first = arguments.first,
            !first.isEmpty, descriptors.count == order.streams + order.secrets.count
        else {
            Self.tell("failed order \(EINVAL)")
            exit(2)
        }
        grace = order.grace
        start(order, arguments, descriptors)
        for descriptor in descriptors { close(descriptor) }
        while true {
            wait()
            reap()
            if child == 0, ending != nil { clear() }
        }
    }

    private mutating func start(_ order: GuardianOrder, _ arguments: [String], _ descriptors: [Int32]) {
        limit(csupervise_processes, order.processes)
        limit(csupervise_address_space, order.addressSpace)
        do throws(SystemFault) {
            let lent = try LentEnvironment(order, memories: Array(descriptors[order.streams...]))
            files = lent.files
            if order.takesTerminal, isatty(descriptors[0]) == 1 { terminal = descriptors[0] }
            let given = Array(descriptors[..<order.streams]) + lent.descriptors
            var step: Int32 = 0
            child = lent.withPointers(arguments) { arguments, environment in
                Self.spawn(order, arguments, environment, given, terminal, &step)
            }
            guard child > 0 else { return fail(Self.name(of: step), errno) }
            if terminal >= 0 { terminal = fcntl(terminal, F_DUPFD_CLOEXEC, 3) }
        } catch {
            return fail("secret", error.code)
        }
        Self.tell("started \(child)")
    }

    private static func spawn(
        _ order: GuardianOrder,
        _ arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>,
        _ environment: UnsafePointer<UnsafeMutablePointer<CChar>?>,
        _ descriptors: [Int32],
        _ terminal: Int32,
        _ step: inout Int32
    ) -> pid_t {
        order.executable.withCString { executable in
            descriptors.withUnsafeBufferPointer { descriptors in
                func begin(_ folder: UnsafePointer<CChar>?) -> pid_t {
                    var start = csupervise_start()
                    start.executable = executable
                    start.arguments = arguments
                    start.environment = environment
                    start.folder = folder
                    start.descriptors = descriptors.baseAddress
                    start.descriptor_count = Int32(descriptors.count)
                    start.terminal = terminal
                    start.open_files = order.descriptors.flatMap { UInt64(exactly: $0) } ?? 0
                    return csupervise_spawn(&start, &step)
                }
                return order.folder.map { $0.withCString(begin) } ?? begin(nil)
            }
        }
    }

    private func fail(_ step: String, _ code: Int32) {
        Self.tell("failed \(step) \(code)")
        files?.remove()
        exit(71)
    }

    private func limit(_ resource: Int32, _ amount: Int?) {
        if let amount, amount >= 0 { _ = csupervise_limit(resource, UInt64(amount)) }
    }

    /// Waits for a signal, a word, or the deadline.
    private mutating func wait() {
        var watched = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isAlone ? -1 : Self.control, events: Int16(POLLIN), revents: 0),
        ]
        let patience = deadline.map { max(0, min(1000, $0.seconds(since: clock.monotonic) * 1000 + 1)) }
        guard poll(&watched, 2, patience.map { Int32($0) } ?? -1) >= 0 else { return }
        if let deadline, deadline <= clock.monotonic {
            // Again and again, as the dead leave children.
            self.deadline = clock.monotonic.advanced(bySeconds: 0.1)
            killAll()
        }
        if watched[1].revents != 0 { hear() }
        while true {
            let number = csupervise_next_signal(signals)
            if number == 0 { break }
            heed(number)
        }
    }

    /// What the supervisor says.
    private mutating func hear() {
        guard let (bytes, descriptors) = Self.receive() else {
            isAlone = true
            return end()
        }
        defer { for descriptor in descriptors { close(descriptor) } }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        switch words.first {
        case "signal":
            if let number = words.last.flatMap({ Int32($0) }), (1..<64).contains(number) { signalGroup(number) }
        case "end": signalAll(SIGTERM)
        case "kill":
            deadline = clock.monotonic.advanced(bySeconds: 0.1)
            killAll()
        case "secrets":
            for (name, memory) in zip(words.dropFirst(), descriptors) { files?.replace(String(name), memory) }
        default: break
        }
    }

    private mutating func heed(_ number: Int32) {
        switch number {
        case Self.parentDied where getppid() == parent, SIGCHLD, SIGPIPE, SIGTTOU, SIGTTIN, SIGWINCH: break
        case Self.parentDied:
            isAlone = true
            end()
        case SIGCONT:
            if child > 0, terminal >= 0 {
                tcsetpgrp(terminal, child)
                signalGroup(SIGCONT)
            }
        case SIGTERM: end()
        // What a terminal sends its foreground is the child's own affair, which is that foreground.
        case SIGINT, SIGQUIT, SIGHUP, SIGTSTP: break
        default: break
        }
    }

    /// Asks all to end, and sees to it that they do.
    private mutating func end() {
        signalAll(SIGTERM)
        if deadline == nil { deadline = clock.monotonic.advanced(bySeconds: grace) }
    }

    private func signalGroup(_ number: Int32) {
        // Not reaped yet, so the number is the group's.
        if child > 0 { kill(-child, number) }
    }

    /// The group, and what has left it and lost its parent. None of these can have been reaped by anybody else.
    private func signalAll(_ number: Int32) {
        signalGroup(number)
        for process in Family.children(of: getpid()) where process != child { kill(process, number) }
    }

    private func killAll() { signalAll(SIGKILL) }

    private mutating func reap() {
        while true {
            var status: Int32 = 0
            let process = waitpid(-1, &status, WNOHANG | WUNTRACED)
            guard process > 0 else { return }
            let isStopped = status & 0xff == 0x7f
            if isStopped {
                if process == child { stopped() }
                continue
            }
            guard process == child else { continue }
            let signal = status & 0x7f
            ending = signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
            child = 0
            takeTerminalBack()
        }
    }

    /// Somebody stopped the child from the keyboard: the whole job stops with it, as a shell expects, and goes on with
    /// SIGCONT.
    private func stopped() {
        guard terminal >= 0 else { return }
        takeTerminalBack()
        kill(0, SIGSTOP)
    }

    private func takeTerminalBack() {
        if terminal >= 0 { tcsetpgrp(terminal, getpgrp()) }
    }

    /// The child is gone: ends what it left, and then tells and ends.
    private mutating func clear() {
        let left = Family.children(of: getpid())
        guard left.isEmpty else {
            if deadline == nil { end() }
            return
        }
        files?.remove()
        switch ending {
        case .exit(let code)?: Self.tell("ended exit \(code)")
        case .signal(let number)?: Self.tell("ended signal \(number)")
        case nil: break
        }
        exit(0)
    }

    private static func name(of step: Int32) -> String {
        switch UInt32(step) {
        case csupervise_fork.rawValue: "fork"
        case csupervise_parent.rawValue: "parent"
        case csupervise_descriptor.rawValue: "descriptor"
        case csupervise_folder.rawValue: "folder"
        default: "execute"
        }
    }

    private static func tell(_ word: String) {
        let bytes = Array(word.utf8)
        _ = bytes.withUnsafeBytes { csupervise_send(control, $0.baseAddress, $0.count, nil, 0) }
    }

    private static func receive() -> ([UInt8], [Int32])? {
        var bytes = [UInt8](repeating: 0, count: ControlSocket.limit)
        var descriptors = [Int32](repeating: -1, count: 32)
        var count = descriptors.count
        let size = bytes.withUnsafeMutableBytes { buffer in
            csupervise_receive(control, buffer.baseAddress, buffer.count, &descriptors, &count)
        }
        guard size > 0 else { return nil }
        return (Array(bytes[..<size]), Array(descriptors[..<count]))
    }
}
