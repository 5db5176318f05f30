import Foundation
import OstiaryCore

// Steps of a write are seen by tests only, and a release has no tests.
#if DEBUG
    @testable import OstiaryVault

    /// Changes a sealed store over and over, or once up to a step, and tells each change before it begins and when it is
    /// done. Tests kill it and see whether what it called done is there.
    ///
    ///     vault-victim loop STORE KEY SEED
    ///     vault-victim step STORE KEY STEP CHANGE
    ///     vault-victim keyring            one write and one read, each with what came of it and how long it took
    ///
    /// Changes: `put NAME VALUE`, `remove NAME`, `data` (another data key), `master` (another master).
    @main
    enum Victim {
        static func main() {
            // As a full disk would: the system answers with an error then, and does not end the process.
            signal(SIGXFSZ, SIG_IGN)
            let arguments = CommandLine.arguments
            if arguments.dropFirst().first == "keyring" { return keyring() }
            guard arguments.count >= 5 else { exit(2) }
            do {
                if arguments[1] == "loop" {
                    try loop(arguments[2], arguments[3], UInt64(arguments[4]) ?? 0)
                } else {
                    try step(arguments[2], arguments[3], arguments[4], Array(arguments.dropFirst(5)))
                }
            } catch {
                say("fault \(error)")
                exit(1)
            }
        }

        private static func keyring() {
            let store = KeyringStore()
            let clock = SystemClock()
            let value = Array("sk-canary".utf8)
            for isWrite in [true, false] {
                let begin = clock.monotonic
                var outcome = "fine"
                do throws(StoreFault) {
                    let name = try StoredName("openai")
                    if isWrite {
                        try store.write(name, Secret(copying: value.span), at: clock.now)
                    } else {
                        switch try store.read(name) {
                        case .some: break
                        case .none: outcome = "nothing"
                        }
                    }
                } catch {
                    switch error {
                    case .locked: outcome = "locked \(error)"
                    case .unavailable: outcome = "unavailable \(error)"
                    default: outcome = "other \(error)"
                    }
                }
                say("\(isWrite ? "write" : "read") \(clock.monotonic.seconds(since: begin)) \(outcome)")
            }
        }

        private static func loop(_ store: String, _ key: String, _ seed: UInt64) throws {
            let keyFile = try MasterKeyFile(path: key)
            var store = (path: store, opened: try keyFile.open(store: store))
            var state = seed
            for round in 0... {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let name = "key-\(state >> 60)"
                let words =
                    switch state >> 33 & 15 {
                    case 0: ["master"]
                    case 1, 2: ["data"]
                    case 3, 4: ["remove", name]
                    default: ["put", name, "value-\(seed)-\(round)"]
                    }
                say("begin \(words.joined(separator: " "))")
                try change(&store, keyFile, words) { _ in }
                say("done")
            }
        }

        private static func step(_ path: String, _ key: String, _ step: String, _ words: [String]) throws {
            let keyFile = try MasterKeyFile(path: key)
            let probe: WriteProbe = { (reached) throws(StoreFault) in if reached.rawValue == step { die() } }
            let master = try keyFile.master()
            var store = (path: path, opened: try SealedFileStore(path: path, master: master, probe: probe))
            try change(&store, keyFile, words) { if $0.rawValue == step { die() } }
            say("done")
        }

        private static func change(
            _ store: inout (path: String, opened: SealedFileStore),
            _ keyFile: MasterKeyFile,
            _ words: [String],
            _ probe: @Sendable (MasterKeyFile.RotationStep) -> Void
        ) throws {
            let time = SystemClock().now
            switch words.first {
            case "put":
                let value = Array(words[2].utf8)
                try store.opened.write(StoredName(words[1]), Secret(copying: value.span), at: time)
            case "remove": try store.opened.remove(StoredName(words[1]))
            case "data": try store.opened.rotateDataKey(at: time)
            default:
                try keyFile.rotate(store: store.path, probe: probe)
                store.opened = try keyFile.open(store: store.path)
            }
        }

        private static func say(_ line: String) {
            let bytes = Array((line + "\n").utf8)
            _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        }

        private static func die() { kill(getpid(), SIGKILL) }
    }
#else
    @main
    enum Victim {
        static func main() { exit(2) }
    }
#endif
