import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

/// A process that is killed while it writes: `Tests/VaultVictim`.
// SEC-403
@Suite struct CrashTests {
    private func victim(_ arguments: [String]) throws -> (Process, Pipe) {
        let process = Process()
        let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        process.executableURL = folder.appendingPathComponent("vault-victim")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        return (process, pipe)
    }

    /// What the store holds when the changes that were told are done; of the last one nobody knows.
    private struct Told {
        var content: [String: String] = [:]
        var pending: [String]?

        mutating func hear(_ line: Substring) {
            let words = line.split(separator: " ").map(String.init)
            if words.first == "begin" {
                pending = Array(words.dropFirst())
            } else {
                content = after
                pending = nil
            }
        }

        /// With the change that was under way.
        var after: [String: String] {
            var content = content
            if pending?.first == "put", let words = pending { content[words[1]] = words[2] }
            if pending?.first == "remove", let words = pending { content[words[1]] = nil }
            return content
        }
    }

    @Test func aKilledWriterLosesNothingItCalledDone() throws {
        let place = try Place()
        var told = Told()
        var random = SeededGenerator(seed: 403)
        var changes = 0
        for round in 0..<25 {
            let (process, pipe) = try victim(["loop", place.path, place.keyPath, "\(round + 1)"])
            // So many changes and then at any moment of the next ones, however slow the machine is.
            var heard = Data()
            let wanted = 2 * Int.random(in: 2...6, using: &random)
            while heard.count(where: { $0 == UInt8(ascii: "\n") }) < wanted {
                let piece = pipe.fileHandleForReading.availableData
                guard !piece.isEmpty else { break }
                heard += piece
            }
            usleep(UInt32.random(in: 0...60_000, using: &random))
            kill(process.processIdentifier, SIGKILL)
            heard += pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            // A line that was cut in two says nothing.
            let whole = heard.lastIndex(of: UInt8(ascii: "\n")).map { heard[...$0] } ?? Data()
            let lines = String(decoding: whole, as: UTF8.self)
            #expect(!lines.contains("fault"), "\(lines.suffix(200))")
            for line in lines.split(separator: "\n") { told.hear(line) }
            changes += lines.split(separator: "\n").count / 2

            let found = try place.keyFile.open(store: place.path).all()
            #expect(found == told.content || found == told.after, "round \(round)")
            told = Told(content: found)
        }
        #expect(changes >= 50)
    }

    @Test(arguments: WriteStep.allCases.map(\.rawValue) + MasterKeyFile.RotationStep.allCases.map(\.rawValue))
    func endsAtEachStepWithOneOfTheTwoStates(_ step: String) throws {
        for change in [["put", "a", "sk-2"], ["remove", "a"], ["data"], ["master"]] {
            let place = try Place()
            try place.open().put("a", "sk-1")
            try place.open().put("b", "sk-b")
            let (process, pipe) = try victim(["step", place.path, place.keyPath, step] + change)
            let said = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            let isDone = String(decoding: said, as: UTF8.self) == "done\n"
            #expect(isDone == (process.terminationReason == .exit))

            let store = try place.keyFile.open(store: place.path)
            let after = change[0] == "put" ? "sk-2" : change[0] == "remove" ? nil : "sk-1"
            let found = try store.get("a")
            #expect(found == after || (found == "sk-1" && !isDone), "\(change) at \(step)")
            #expect(try store.get("b") == "sk-b")
            // And everything goes on.
            try store.put("c", "sk-c")
            try place.keyFile.rotate(store: place.path)
            #expect(try place.keyFile.open(store: place.path).get("c") == "sk-c")
        }
    }

    @Test(.enabled(if: geteuid() == 0 && access("/usr/bin/unshare", X_OK) == 0, "mounting takes root and unshare"))
    func aFullDiskLosesNothing() throws {
        let folder = try Folder()
        let victim = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("vault-victim").path
        let key = folder.path + "/key"
        let master = try MasterKeyFile(path: key).create()
        let path = folder.path + "/encrypted.json"
        let store = try SealedFileStore(path: path, master: master)
        try store.create(at: time(0))
        try store.put("a", "sk-1")
        let script = """
            mount -t tmpfs -o size=24k,mode=700 none "$0/disk" || exit 77
            cp "$0/encrypted.json" "$0/disk/" && chmod 600 "$0/disk/encrypted.json"
            head -c 100000 /dev/zero > "$0/disk/filler" 2>/dev/null
            "$1" step "$0/disk/encrypted.json" "$0/key" none put a sk-2; echo "status $?"
            cmp "$0/encrypted.json" "$0/disk/encrypted.json" && echo same; ls "$0/disk"
            rm "$0/disk/filler"
            "$1" step "$0/disk/encrypted.json" "$0/key" none put a sk-2; echo "status $?"
            """
        #expect(mkdir(folder.path + "/disk", 0o700) == 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-m", "sh", "-c", script, folder.path, victim]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus != 77 else { return }
        let lines = said.split(separator: "\n").map(String.init)
        #expect(lines.first?.contains("cannot be written, and nothing was changed: No space left on device") == true)
        #expect(lines.dropFirst().prefix(2) == ["status 1", "same"])
        #expect(!lines.contains("encrypted.json.new"))
        #expect(lines.suffix(2) == ["done", "status 0"])
    }
}
