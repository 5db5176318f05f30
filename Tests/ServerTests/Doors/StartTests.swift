import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct StartTests {
    // SEC-404
    @Test func noCoreIsDumped() {
        CoreDumps.forbid()
        var limit = rlimit(rlim_cur: 1, rlim_max: 1)
        #if canImport(Glibc)
            #expect(getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0)
            typealias Control = @convention(c) (CInt, UInt, UInt, UInt, UInt) -> CInt
            let getDumpable: CInt = 3
            let control = dlsym(nil, "prctl").map { unsafeBitCast($0, to: Control.self) }
            #expect(control?(getDumpable, 0, 0, 0, 0) == 0)
        #else
            #expect(getrlimit(RLIMIT_CORE, &limit) == 0)
        #endif
        #expect(limit.rlim_cur == 0)
        #expect(limit.rlim_max == 0)
    }

    @Test func knowsWhichVariablesHoldSecrets() {
        var configuration = Configuration()
        var (one, two, three) = (Configuration.Provider(), Configuration.Provider(), Configuration.Provider())
        one.key = .environment("ONE")
        two.key = .file("two.txt")
        three.key = nil
        configuration.providers = [one, two, three]
        configuration.identity.hashKey = .environment("HASH")
        #expect(configuration.secretVariables == ["ONE", "HASH"])
    }

    @Test(arguments: [
        ("0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef\n", true),
        ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", false),
        ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0", false),
        ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", false), ("", false),
        ("0x23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false),
    ])
    func theHashKeyHasSixtyFourDigits(content: String, isGood: Bool) throws {
        let path = NSTemporaryDirectory() + "hash-key-\(UInt32.random(in: 0 ... .max))"
        try content.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let fromFile = try? HashKey.read(.file(path), environment: [:])
        #expect((fromFile != nil) == isGood)
        let digits = content.replacing("\n", with: "")
        let fromVariable = try? HashKey.read(.environment("KEY"), environment: ["KEY": digits])
        #expect((fromVariable != nil) == isGood)
        #expect(throws: HashKey.Fault.self) { try HashKey.read(.file(path + ".not"), environment: [:]) }
    }

    @Test func aBadHashKeyStopsTheStart() async throws {
        await #expect(throws: Running.Failure.self) {
            try await GateRig.run({ $0.identity.hashKey = .environment("NOT_SET") }) { _ in }
        }
    }

    @Test func aDoorThatIsTakenStopsTheStart() async throws {
        let taken = try Socket.listen()
        let address = Configuration.Address(host: "127.0.0.1", port: UInt16(taken.port))
        for change in [{ $0.listen.address = address }, { $0.admin.address = address }]
            as [(inout Configuration) -> Void]
        {
            do throws(any Error) {
                try await GateRig.run(change) { _ in }
                Issue.record("two listen on one port")
            } catch {
                guard case .inUse(let named)? = error as? Running.Failure else { throw error }
                #expect(named == address)
            }
        }
        taken.socket.end()
    }
}
