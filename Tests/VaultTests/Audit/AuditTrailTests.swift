import Crypto
import Foundation
import OstiaryCore
import Testing

@testable import OstiaryVault

// SEC-605
@Suite struct AuditTrailTests {
    private let key = SymmetricKey(size: .bits256)

    private func write(_ trail: AuditTrail, _ count: Int) throws {
        for index in 0..<count {
            try trail.append(
                .keyStored,
                "openai",
                by: "token \"first\"",
                request: "req_\(index)",
                at: time(Double(index))
            )
        }
    }

    private func bytes(_ folder: Folder) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/audit.log")))
    }

    private func put(_ bytes: [UInt8], _ folder: Folder) throws {
        let file = try #require(fopen(folder.path + "/audit.log", "w"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    @Test func `lines are given back as they were written, whoever writes them`() throws {
        let folder = try Folder()
        #expect(try AuditTrail(folder: folder.path, key: key).read().isEmpty)
        try write(AuditTrail(folder: folder.path, key: key), 2)
        try write(AuditTrail(folder: folder.path, key: key), 1)
        let lines = try AuditTrail(folder: folder.path, key: key).read()
        #expect(lines.map(\.number) == [1, 2, 3])
        #expect(lines[1].action == "key.store")
        #expect(lines[1].by == "token \"first\"")
        #expect(lines[1].request == "req_1")
        #expect(lines[1].time == time(1))
    }

    @Test func `any changed byte is found`() throws {
        let folder = try Folder()
        let trail = AuditTrail(folder: folder.path, key: key)
        try write(trail, 3)
        let sound = try bytes(folder)
        for index in sound.indices {
            var changed = sound
            changed[index] ^= 1
            try put(changed, folder)
            #expect(fault { _ = try trail.read() } != nil, "byte \(index)")
        }
        try put(sound, folder)
        #expect(try trail.read().count == 3)
    }

    @Test func `lines that are cut off, left out, doubled or exchanged are missed`() throws {
        let folder = try Folder()
        let trail = AuditTrail(folder: folder.path, key: key)
        try write(trail, 4)
        let sound = try bytes(folder)
        let lines = sound.split(separator: 10).map { Array($0) + [10] }
        for order in [[0, 1, 2], [0, 1, 3], [1, 2, 3], [0, 0, 1, 2, 3], [0, 2, 1, 3], [], [3]] {
            try put(order.flatMap { lines[$0] }, folder)
            #expect(fault { _ = try trail.read() } != nil, "\(order)")
        }
        try put(Array(sound.dropLast()), folder)
        #expect(fault { _ = try trail.read() } != nil)
        #expect(fault { try trail.append(.keyRead, "x", by: "y", request: "z", at: time(0)) } != nil)
    }

    @Test func `a trail under another key is not believed`() throws {
        let folder = try Folder()
        try write(AuditTrail(folder: folder.path, key: key), 1)
        let other = AuditTrail(folder: folder.path, key: SymmetricKey(size: .bits256))
        #expect(fault { _ = try other.read() } != nil)
    }

    @Test func `a full file is put aside, and the next one goes on from its end`() throws {
        let folder = try Folder()
        let trail = AuditTrail(folder: folder.path, key: key, limit: 600)
        try write(trail, 9)
        let lines = try trail.read()
        #expect(lines.last?.number == 9)
        #expect((lines.first?.number ?? 0) > 1)
        #expect(FileManager.default.fileExists(atPath: folder.path + "/audit.log.1"))
    }

    @Test func `where nothing can be written, it says so`() throws {
        let folder = try Folder()
        let trail = AuditTrail(folder: folder.path + "/a/b", key: key)
        #expect(fault { try trail.append(.keyRead, "x", by: "y", request: "z", at: time(0)) } != nil)
    }
}
