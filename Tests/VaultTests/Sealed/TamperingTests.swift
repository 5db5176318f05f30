import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

/// Somebody who can write the file and does not have the master.
// SEC-402
@Suite struct TamperingTests {
    /// Whether the fault names the file.
    private func isRefused(_ place: Place) throws -> Bool {
        let found = fault { _ = try place.open().all() }
        return found?.description.contains(place.path) ?? false
    }

    private func filled() throws -> Place {
        let place = try Place()
        try place.open().put("anthropic", "sk-canary-1")
        try place.open().put("openai", "sk-canary-2")
        return place
    }

    @Test func everyFlippedBitIsRefused() throws {
        let place = try filled()
        let good = try place.bytes
        var random = SeededGenerator(seed: 4)
        for index in good.indices {
            var bytes = good
            bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
            try place.overwrite(bytes)
            #expect(try isRefused(place), "byte \(index)")
        }
        try place.overwrite(good)
        #expect(try place.open().get("openai") == "sk-canary-2")
    }

    @Test func everyTruncationAndEveryAdditionIsRefused() throws {
        let place = try filled()
        let good = try place.bytes
        for count in 0..<good.count {
            try place.overwrite(Array(good[..<count]))
            #expect(try isRefused(place), "\(count) bytes")
        }
        for tail in ["\n", " ", "{}", "\0"] {
            try place.overwrite(good + Array(tail.utf8))
            #expect(try isRefused(place))
        }
        try place.overwrite(Array(" ".utf8) + good)
        #expect(try isRefused(place))
    }

    /// The file with its entries' texts replaced by those of `change`, and all else as it was.
    private func rewritten(_ bytes: [UInt8], _ change: (inout [JSONObject.Member]) -> Void) throws -> [UInt8] {
        let document = try #require(try JSONReader.read(bytes).object)
        let members = document.members.map { member in
            guard member.name == "entries", var entries = member.value.object?.members else { return member }
            change(&entries)
            return JSONObject.Member(name: "entries", value: .object(JSONObject(members: entries)))
        }
        return JSONWriter.write(.object(JSONObject(members: members))) + Array("\n".utf8)
    }

    @Test func swappedRemovedAndDoubledEntriesAreRefused() throws {
        let place = try filled()
        let good = try place.bytes
        #expect(try rewritten(good) { _ in } == good)
        let changes: [(inout [JSONObject.Member]) -> Void] = [
            { $0 = [.init(name: $0[0].name, value: $0[1].value), .init(name: $0[1].name, value: $0[0].value)] },
            { $0.removeLast() },
            { $0.removeAll() },
            { $0.append(.init(name: "other", value: $0[0].value)) },
            { $0.swapAt(0, 1) },
        ]
        for change in changes {
            try place.overwrite(try rewritten(good, change))
            #expect(try isRefused(place))
        }
    }

    @Test func oneEntryOfAnOlderFileIsRefused() throws {
        let place = try filled()
        let old = try #require(try JSONReader.read(place.bytes).object?["entries"]?.object?["openai"])
        try place.open().put("openai", "sk-canary-3")
        try place.overwrite(try rewritten(place.bytes) { $0[1] = .init(name: "openai", value: old) })
        #expect(try isRefused(place))
    }

    /// Even somebody who could make the mark cannot put an entry in another's place.
    @Test func anEntryInAnothersPlaceIsNotOpenedEvenUnderAGoodMark() throws {
        let place = try filled()
        let bytes = try place.bytes
        var document = try SealedDocument(bytes)
        let wrapping = try #require(document.derivation.key(from: place.keyFile.master()))
        let active = try document.keys[0].opened(under: wrapping)
        let (first, second) = (document.entries[0], document.entries[1])
        document.entries = [
            .init(
                name: first.name,
                kid: second.kid,
                generation: second.generation,
                sealed: second.sealed,
                created: first.created,
                updated: first.updated
            )
        ]
        try place.overwrite(document.bytes(markedUnder: active.forDocument))
        let store = try place.open()
        #expect(fault { _ = try store.get("anthropic") } == .damaged(place: store.label, what: "entry anthropic"))
    }

    @Test func anOlderFileIsRefusedByWhoeverSawTheNewerOne() throws {
        let place = try filled()
        let store = try place.open()
        let old = try place.bytes
        try store.put("openai", "sk-canary-3")
        try place.overwrite(old)
        #expect(
            fault { _ = try store.get("openai") }
                == .older(place: store.label, generation: 3, expected: 4, mark: nil)
        )
        #expect(fault { try store.put("a", "sk") } != nil)
        try FileManager.default.removeItem(atPath: place.path)
        #expect(
            fault { _ = try store.get("openai") }
                == .older(place: store.label, generation: 0, expected: 4, mark: nil)
        )
    }

    @Test func aMarkInAnotherFolderKnowsAnOlderFileAfterARestartToo() throws {
        let place = try Place(marked: true)
        try place.openMarked().put("openai", "sk-canary-1")
        let old = try place.bytes
        try place.openMarked().put("openai", "sk-canary-2")
        try place.overwrite(old)
        let found = try #require(fault { _ = try place.openMarked().get("openai") })
        #expect(found.hint == "if you put an old copy back on purpose: rm \(place.markPath), and try again")
        try FileManager.default.removeItem(atPath: place.path)
        #expect(fault { try place.openMarked().create(at: time(0)) } != nil)
        try FileManager.default.removeItem(atPath: place.markPath)
        try place.openMarked().create(at: time(0))
        // A mark that is not one is no leave to believe anything.
        _ = try place.folder.file("many\n", name: "master/mark")
        #expect(fault { _ = try place.openMarked().list() } != nil)
    }

    @Test func filesThatAskForTooMuchWorkAreRefusedBeforeIt() throws {
        let salt = [UInt8](repeating: 1, count: 16)
        let asked: [KeyDerivation.Method] = [
            .scrypt(n: 1 << 21, r: 8, p: 1), .scrypt(n: 1 << 20, r: 16, p: 1), .scrypt(n: 1 << 17, r: 8, p: 5),
            .scrypt(n: 3 << 15, r: 8, p: 1), .scrypt(n: 1024, r: 8, p: 1), .scrypt(n: 0, r: 0, p: 0),
            .scrypt(n: 1 << 53, r: 1 << 53, p: 1), .pbkdf2(iterations: 1000), .pbkdf2(iterations: 10_000_001),
        ]
        for method in asked { #expect(!KeyDerivation(method: method, salt: salt).isBounded) }
        #expect(!KeyDerivation(method: .hkdf, salt: [1]).isBounded)
        #expect(!KeyDerivation(method: .hkdf, salt: salt).fits(.passphrase))
        #expect(KeyDerivation(method: .scrypt(n: 1 << 17, r: 8, p: 1), salt: salt).isBounded)
    }

    // SEC-001
    @Test func madeUpFilesNeverTrap() throws {
        let good = try filled().bytes
        var random = SeededGenerator(seed: 9)
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0x20...0x7e, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8(ascii: "9"), at: index)
                }
            }
            _ = try? SealedDocument(bytes)
        }
        let huge = String(decoding: good, as: UTF8.self)
        for text in ["9223372036854775808", "-1", "1e3", "1.5", "99999999999999999999999"] {
            let bytes = Array(huge.replacing("\"generation\":3", with: "\"generation\":\(text)").utf8)
            #expect(throws: SealedDocument.ReadFault.self) { try SealedDocument(bytes) }
        }
    }
}
