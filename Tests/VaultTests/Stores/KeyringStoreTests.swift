import Foundation
import OstiaryCore
import Testing

@testable import OstiaryVault

/// A keyring of its own, in a session bus of its own; without gnome-keyring, dbus-run-session and secret-tool these tests
/// are skipped (`Scripts/install-missing keyring`).
enum Keyring {
    static let isHere = ["gnome-keyring-daemon", "dbus-run-session", "secret-tool"].allSatisfy {
        access("/usr/bin/\($0)", X_OK) == 0
    }
    static let absence: Comment = "gnome-keyring is not here: Scripts/install-missing keyring"
    /// Whether this process runs inside of such a session.
    static let isInside = getenv("OSTIARY_TEST_KEYRING") != nil

    static var victim: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("vault-victim").path
    }

    /// Runs a script in a session with its own home; `$0` is the victim.
    static func run(_ script: String, session: [String] = ["dbus-run-session", "--"]) throws -> String {
        let folder = try Folder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "-k", "1", "60"] + session + ["bash", "-c", script, victim]
        var environment = ProcessInfo.processInfo.environment
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"] { environment[name] = nil }
        for (name, part) in [("HOME", ""), ("XDG_RUNTIME_DIR", "/run"), ("XDG_DATA_HOME", "/data"), ("TMPDIR", "")] {
            environment[name] = folder.path + part
            if !part.isEmpty { #expect(mkdir(folder.path + part, 0o700) == 0) }
        }
        environment["TEST_BINARY"] = CommandLine.arguments[0]
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        // Threads of the test runner block signals, and the session would inherit that: its bus could not be ended.
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return said
    }

    static let unlocked = "printf test-pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null\n"
}

@Suite(.enabled(if: Keyring.isHere, Keyring.absence)) struct KeyringStoreTests {
    @Test func aRealKeyringKeepsTheContractOfStores() throws {
        let said = try Keyring.run(
            Keyring.unlocked
                + """
                OSTIARY_TEST_KEYRING=1 "$TEST_BINARY" --testing-library swift-testing --filter InsideOfAKeyring 2>&1
                """
        )
        #expect(said.contains("Test run with 2 tests in 1 suite passed"), "\(said.suffix(2000))")
    }

    @Test func anotherProgramsKeysAreReadAndOursByIt() throws {
        let said = try Keyring.run(
            Keyring.unlocked
                + """
                printf sk-theirs | secret-tool store --label=x service claude-throne username openai-api-key
                "$0" keyring
                secret-tool lookup service claude-throne username openai-api-key; echo
                secret-tool search --all service claude-throne username openai-api-key 2>/dev/null | grep -c '^secret'
                """
        )
        let lines = said.split(separator: "\n").map(String.init)
        #expect(lines.first?.hasSuffix(" fine") == true)
        #expect(lines.suffix(2) == ["sk-canary", "1"], "\(lines)")
    }

    private func judged(_ said: String, _ isExpected: (String) -> Bool) {
        let lines = said.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 2).map(String.init) }
        #expect(lines.map(\.first) == ["write", "read"], "\(said)")
        for line in lines where line.count == 3 {
            // Two seconds, and what a busy machine takes to notice.
            #expect(Double(line[1]).map { $0 < 3 } == true, "\(said)")
            #expect(isExpected(line[2]), "\(said)")
            #expect(!line[2].contains("canary"))
        }
    }

    @Test func withoutABusItIsNotAvailable() throws {
        judged(try Keyring.run("\"$0\" keyring", session: [])) { $0.hasPrefix("unavailable") }
    }

    @Test func aClosedKeyringIsLocked() throws {
        // A keyring that was made in one session and is closed in the next; there is no display on which it could ask.
        let said = try Keyring.run(
            """
            dbus-run-session -- bash -c '\(Keyring.unlocked)
                printf sk-1 | secret-tool store --label=x service claude-throne username openai-api-key'
            dbus-run-session -- bash -c 'gnome-keyring-daemon --start --components=secrets >/dev/null </dev/null
                "$0" keyring' "$0"
            """,
            session: []
        )
        judged(said) { $0.hasPrefix("locked") || $0.hasPrefix("unavailable") && $0.contains("no answer in time") }
    }

    @Test func aServiceThatNeverAnswersIsGivenUp() throws {
        let folder = try Folder()
        let services = folder.path + "/services"
        #expect(mkdir(services, 0o700) == 0)
        _ = try folder.file(
            "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/usr/bin/env sleep 20\n",
            name: "services/org.freedesktop.secrets.service"
        )
        let bus = try folder.file(
            """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><servicedir>\(services)</servicedir>
            <policy context="default"><allow send_destination="*"/><allow own="*"/></policy></busconfig>
            """,
            name: "bus.conf"
        )
        let said = try Keyring.run(
            "\"$0\" keyring",
            session: ["dbus-run-session", "--config-file=\(bus)", "--"]
        )
        judged(said) { $0.hasPrefix("unavailable") && $0.contains("no answer in time") }
    }
}

/// What `aRealKeyringKeepsTheContractOfStores` runs in its session.
@Suite(.enabled(if: Keyring.isInside, "run by KeyringStoreTests"), .serialized) struct InsideOfAKeyring {
    @Test func keepsTheContractOfStores() throws {
        try keepsTheContract(of: KeyringStore(), keepsTimes: false)
    }

    @Test func passesItsOwnProbeAndIsChosen() throws {
        let store = KeyringStore()
        try store.probe(at: time(0))
        #expect(try store.list().isEmpty)
        let folder = try Folder()
        let made = try StoreChoice.made(at: folder.path + "/choice") { () throws(StoreFault) in
            try store.probe(at: time(0))
        }
        #expect(made.choice == .keyring)
    }
}

@Suite struct StoreChoiceTests {
    private let gone = StoreFault.unavailable(place: "the keyring", reason: "gone")

    @Test func theChoiceIsMadeOnce() throws {
        let folder = try Folder()
        let path = folder.path + "/choice"
        let first = try StoreChoice.made(at: path) { () throws(StoreFault) in throw gone }
        #expect(first.choice == .file && first.reason == gone)
        let second = try StoreChoice.made(at: path) { () throws(StoreFault) in Issue.record("asked again") }
        #expect(second.choice == .file && second.reason == nil)
    }

    @Test func aKeyringThatIsGoneLaterIsNotReplacedByAFile() throws {
        let folder = try Folder()
        let path = folder.path + "/choice"
        #expect(try StoreChoice.made(at: path) { () throws(StoreFault) in }.choice == .keyring)
        #expect(try StoreChoice.made(at: path) { () throws(StoreFault) in throw gone }.choice == .keyring)
        _ = try folder.file("both\n", name: "choice")
        #expect(fault { _ = try StoreChoice.made(at: path) { () throws(StoreFault) in } } != nil)
        chmod(path, 0o644)
        #expect(fault { _ = try StoreChoice.made(at: path) { () throws(StoreFault) in } } != nil)
    }
}
