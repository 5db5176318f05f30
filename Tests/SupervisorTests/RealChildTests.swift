import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiarySupervisor

/// What real processes do under a real guardian (the list at the end of the supervisor's rules).
@Suite(.timeLimit(.minutes(2))) struct RealChildTests {
    @Test func `an exit status and a signal come through`() async throws {
        #expect(try await RealChild.run(RealChild.shell("exit 7")).0 == .exit(7))
        #expect(try await RealChild.run(RealChild.shell("kill -9 $$")).0 == .signal(9))
    }

    @Test func `a program that is not there is told with the step`() async throws {
        let plan = ChildPlan(executable: "/nowhere/program", arguments: ["program"])
        await #expect(throws: SupervisorFault.notStarted(step: "execute", reason: "No such file or directory")) {
            _ = try await RealChild.launch(plan)
        }
    }

    @Test func `a child that ignores TERM is killed after the grace, with what it started`() async throws {
        let clock = ManualClock()
        let supervisor = Supervisor(launcher: RealChild.launcher, clock: clock)
        // The inner shell ignores it too.
        let plan = RealChild.shell(
            "trap '' TERM; sh -c 'trap \"\" TERM; echo inner $$; while :; do sleep 1; done' & wait"
        )
        try await supervisor.start(ChildOrder(label: "deaf", plan: plan))
        var inner: Int32 = 0
        try await wait(for: "the inner process") {
            inner = Self.number(behind: "inner", in: await supervisor.status.lastLines)
            return inner > 0
        }
        let pid = try #require(await supervisor.status.pid)
        let stopping = Task { await supervisor.stop() }
        try await wait(for: "the grace to begin") { clock.sleeping == 1 }
        #expect(RealChild.isAlive(pid) && RealChild.isAlive(inner))
        clock.advance(5)
        #expect(await stopping.value)
        #expect(!RealChild.isAlive(pid) && !RealChild.isAlive(inner))
        #expect(await supervisor.status.lastExit?.end == .ended(.signal(9)))
    }

    @Test func `what a child leaves behind in another session ends with it`() async throws {
        let script = "setsid sh -c 'setsid sleep 1000 & echo left $!; exit 0' ; exit 3"
        let (ending, lines) = try await RealChild.run(RealChild.shell(script))
        let left = Self.number(behind: "left", in: lines)
        #expect(ending == .exit(3))
        #expect(left > 0 && !RealChild.isAlive(left))
    }

    @Test func `a flood on standard error does not stop the child, and the ring keeps the last lines`() async throws {
        let script = """
            import sys
            for number in range(200000): sys.stderr.write("line %d %s\\n" % (number, "x" * 60))
            """
        let plan = RealChild.shell("exec python3 -c \"$SCRIPT\"", environment: ["SCRIPT": script])
        let (ending, lines) = try await RealChild.run(plan)
        #expect(ending == .exit(0))
        #expect(lines.count == OutputRing.limit)
        #expect(lines.last?.hasPrefix("line 199999 ") == true)
    }

    @Test func `a line without an end is cut and bounded`() async throws {
        let (ending, lines) = try await RealChild.run(RealChild.shell("head -c 3000000 /dev/zero | tr '\\0' a"))
        #expect(ending == .exit(0))
        #expect(lines.count == OutputRing.limit)
        #expect(lines.allSatisfy { $0.utf8.count <= LineDivider.limit })
    }

    @Test func `a child that dies at once is told, and one with a wrong configuration is not started again`()
        async throws
    {
        var plan = RealChild.shell("exit 78")
        plan.port = .init(0)
        plan.restart = RestartRules(.always)
        let supervisor = Supervisor(launcher: RealChild.launcher, clock: ManualClock())
        await #expect(throws: SupervisorFault.gaveUp("its configuration is wrong (exit status 78)")) {
            try await supervisor.start(ChildOrder(label: "wrong", plan: plan))
        }
        #expect(await supervisor.status.state == .failed)
        #expect(await supervisor.status.lastExit?.end == .ended(.exit(78)))
    }

    @Test func `a child that takes the port and never answers runs into the start limit and is ended`() async throws {
        let clock = ManualClock()
        var plan = RealChild.python(
            "import os,socket,time; s=socket.socket(); s.bind((\"127.0.0.1\",int(os.environ[\"PORT\"]))); s.listen(8); "
                + "print(\"listening\",flush=True); time.sleep(1000)"
        )
        plan.port = .init(0, variable: "PORT")
        let supervisor = Supervisor(launcher: RealChild.launcher, probe: Impatient(), clock: clock)
        let asked = plan
        let starting = Task { try await supervisor.start(ChildOrder(label: "mute", plan: asked)) }
        try await wait(for: "the child to listen") { await supervisor.status.lastLines == ["listening"] }
        let pid = try #require(await supervisor.status.pid)
        try await wait(for: "the start's sleepers") { clock.sleeping == 2 }
        clock.advance(15)
        await #expect(throws: SupervisorFault.startTimeout(seconds: 15)) { try await starting.value }
        #expect(!RealChild.isAlive(pid))
    }

    @Test func `a child is ready when it answers and the listener is its own`() async throws {
        let supervisor = Supervisor(launcher: RealChild.launcher, clock: SystemClock())
        var plan = RealChild.shell("exec python3 -c \"$SERVER\"", environment: ["SERVER": RealChild.server])
        plan.port = .init(0, variable: "PORT", health: "/health")
        let status = try await supervisor.start(ChildOrder(label: "good", plan: plan))
        #expect(status.isRunning && (status.port ?? 0) > 0 && (status.memory ?? 0) > 1 << 20)
        // The same order again changes nothing; another one is refused.
        #expect(try await supervisor.start(ChildOrder(label: "good", plan: plan)).pid == status.pid)
        await #expect(throws: SupervisorFault.alreadyRunning) {
            try await supervisor.start(ChildOrder(label: "other", plan: plan))
        }
        #expect(await supervisor.stop())
        #expect(await !supervisor.stop())
        #expect(PortSight.isFree(status.port ?? 0))
    }

    @Test func `a port that somebody has is found before the start, and a foreign listener behind it`() async throws {
        let held = try HeldPort()
        var plan = RealChild.shell("sleep 1000")
        plan.port = .init(held.number)
        let supervisor = Supervisor(launcher: RealChild.launcher, clock: SystemClock())
        await #expect(throws: SupervisorFault.portInUse(held.number)) {
            try await supervisor.start(ChildOrder(label: "late", plan: plan))
        }
        let child = try await RealChild.launch(plan)
        #expect(child.listener(on: held.number) == .somebodyElse)
        child.kill()
        _ = await child.ended()
    }

    @Test func `a child that takes more and more memory is started again with the reason`() async throws {
        let clock = ManualClock()
        var plan = RealChild.python(
            "import time; a=bytearray(b\"x\"*(96<<20)); print(\"full\",flush=True); time.sleep(1000)"
        )
        plan.restart = RestartRules(.always)
        plan.limits.memory = 64 << 20
        let supervisor = Supervisor(launcher: RealChild.launcher, clock: clock)
        try await supervisor.start(ChildOrder(label: "leak", plan: plan))
        try await wait(for: "the leak") { await supervisor.status.lastLines == ["full"] }
        let first = try #require(await supervisor.status.pid)
        try await wait(for: "the watch") { clock.sleeping == 1 }
        clock.advance(1)
        try await wait(for: "its end") { !RealChild.isAlive(first) }
        try await wait(for: "the pause") { await supervisor.status.state == .waiting && clock.sleeping == 1 }
        let end = await supervisor.status.lastExit?.end
        guard case .tooLarge(let bytes, limit: 64 << 20)? = end else {
            Issue.record("another reason: \(String(describing: end))")
            return
        }
        #expect(bytes > 96 << 20)
        clock.advance(1)
        try await wait(for: "the second") {
            let status = await supervisor.status
            return status.restarts == 1 && status.pid != nil
        }
        #expect(await supervisor.status.pid != first)
        await supervisor.stop()
    }

    @Test func `a supervisor that is killed takes the child with it, and what left the child's session`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ostiary-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: RealChild.program)
        let script =
            "setsid sleep 1000 & echo $! > \(folder)/left; echo $$ > \(folder)/child.new; "
            + "mv \(folder)/child.new \(folder)/child; trap '' TERM; while :; do sleep 1; done"
        process.arguments = ["run", "--grace", "0.2", "--", "sh", "-c", script]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        func number(_ name: String) -> Int32 {
            let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? 0
        }
        try await wait(for: "the child") { number("child") > 0 }
        let (child, left) = (number("child"), number("left"))
        #expect(RealChild.isAlive(child) && RealChild.isAlive(left))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try await wait(for: "both to be gone") { !RealChild.isAlive(child) && !RealChild.isAlive(left) }
    }

    @Test func `a guardian that is killed takes the child with it`() async throws {
        let child = try await RealChild.launch(RealChild.shell("sleep 1000"))
        child.abandon()
        #expect(await child.ended() == .signal(9))
        try await wait(for: "the child to be gone") { !RealChild.isAlive(child.pid) }
    }

    @Test func `a child has no signal blocked or ignored, no core dumps, no new privileges and three descriptors`()
        async throws
    {
        let script =
            "grep -E '^(SigBlk|SigIgn|NoNewPrivs)' /proc/self/status; ulimit -c; ls /proc/$$/fd | tr '\\n' ' '; "
            + "cut -d' ' -f5,6 /proc/$$/stat"
        let (ending, lines) = try await RealChild.run(RealChild.shell(script))
        #expect(ending == .exit(0))
        #expect(
            lines.prefix(3).map { $0.filter { !$0.isWhitespace } } == [
                "SigBlk:0000000000000000", "SigIgn:0000000000000000", "NoNewPrivs:1",
            ]
        )
        #expect(lines.count == 5 && lines[3] == "0")
        #expect(lines.last?.hasPrefix("0 1 2 ") == true, "\(lines)")
    }

    @Test func `limits hold in the child`() async throws {
        var plan = RealChild.shell("ulimit -n")
        plan.limits.descriptors = 77
        #expect(try await RealChild.run(plan).1 == ["77"])
    }

    private static func number(behind word: String, in lines: [String]) -> Int32 {
        for line in lines where line.hasPrefix("\(word) ") { return Int32(line.dropFirst(word.count + 1)) ?? 0 }
        return 0
    }
}

/// Says that nobody answers, without waiting for it.
private struct Impatient: HealthProbe {
    func answers(port: UInt16, path: String?) async -> Bool { false }
    func isFree(_ port: UInt16) -> Bool { PortSight.isFree(port) }
    func freePort() -> UInt16? { PortSight.free() }
}

/// A port that this process listens on.
private struct HeldPort: ~Copyable {
    let number: UInt16
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = PortSight.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isBound else { throw SystemFault.last }
        number = UInt16(bigEndian: address.sin_port)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
