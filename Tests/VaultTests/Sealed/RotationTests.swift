import Foundation
import OstiaryCore
import Testing

@testable import OstiaryVault

// SEC-402
@Suite struct RotationTests {
    private let content = ["a": "sk-1", "b": "sk-2"]

    private func filled() throws -> Place {
        let place = try Place()
        for (name, value) in content { try place.open().put(name, value, at: 1) }
        return place
    }

    @Test func anotherDataKeySealsEverythingAnewAndTheOldOneGoesWithTheNextWrite() throws {
        let place = try filled()
        let store = try place.open()
        let before = try SealedDocument(place.bytes)
        try store.rotateDataKey(at: time(2))
        #expect(try store.state().keys == ["k2", "k1 (retired)"])
        #expect(try place.open().all() == content)
        let after = try SealedDocument(place.bytes)
        for (old, new) in zip(before.entries, after.entries) {
            #expect(new.kid == "k2" && new.sealed != old.sealed)
            #expect(new.created == old.created && new.updated == old.updated)
        }
        try store.put("c", "sk-3")
        #expect(try store.state().keys == ["k2"])
        for number in 3...6 {
            try store.rotateDataKey(at: time(2))
            #expect(try store.state().keys == ["k\(number)", "k\(number - 1) (retired)"])
        }
        #expect(try place.open().all().count == 3)
    }

    @Test func anotherMasterOpensTheStoreAndTheOldOneNothingAnymore() throws {
        let place = try filled()
        let old = try place.keyFile.master()
        let sealed = try SealedDocument(place.bytes).entries
        try place.keyFile.rotate(store: place.path)
        #expect(try place.open().all() == content)
        #expect(try SealedDocument(place.bytes).entries == sealed)
        for path in [place.path, place.path + ".bak"] {
            let store = try SealedFileStore(path: path, master: old)
            #expect(fault { _ = try store.all() } != nil)
        }
        #expect(!FileManager.default.fileExists(atPath: place.keyPath + ".next"))
    }

    @Test func aPassphraseTakesTheKeysPlaceAndBack() throws {
        let place = try filled()
        let store = try place.open()
        let words = try MasterSecret(.passphrase, secret("correct horse battery"))
        try store.rotateMaster(to: words, derivation: .quick)
        try store.put("c", "sk-3")
        #expect(fault { _ = try place.open().list() } == .notOpened(place: store.label))
        let other = try SealedFileStore(path: place.path, master: words)
        #expect(try other.all().count == 3)
        try other.rotateMaster(to: place.keyFile.master())
        #expect(try place.open().all().count == 3)
    }

    @Test func whoeverReadsMeanwhileHasAGoodAnswer() async throws {
        let place = try filled()
        let store = try place.open()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<20 {
                    do { try place.open().rotateDataKey(at: time(3)) } catch { Issue.record("\(error)") }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<60 {
                        do { #expect(try store.get("a") == "sk-1") } catch { Issue.record("\(error)") }
                    }
                }
            }
        }
    }

    @Test func refusesMastersThatAreNone() throws {
        let folder = try Folder()
        for text in ["", "abc\n", String(repeating: "0", count: 63) + "g\n", String(repeating: "0", count: 66)] {
            let path = try folder.file(text)
            #expect(fault { _ = try MasterKeyFile(path: path).master() } != nil)
        }
        let path = try folder.file(String(repeating: "0", count: 64) + "\n", mode: 0o644)
        #expect(fault { _ = try MasterKeyFile(path: path).master() }?.hint == "chmod 600 \(path)")
        chmod(path, 0o600)
        _ = try MasterKeyFile(path: path).master()
        #expect(fault { _ = try MasterKeyFile(path: path).create() } != nil)
    }
}
