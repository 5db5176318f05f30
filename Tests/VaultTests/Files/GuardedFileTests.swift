import Foundation
import OstiaryCore
import Testing

@testable import OstiaryVault

// SEC-403
@Suite struct GuardedFileTests {
    private func mode(_ path: String) throws -> UInt32 {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return UInt32(status.st_mode) & 0o777
    }

    private func refused(_ place: Place) throws -> StoreFault {
        let reading = try #require(fault { _ = try place.open().list() })
        let writing = try #require(fault { try place.open().put("a", "sk") })
        #expect(reading == writing)
        return reading
    }

    @Test func makesFilesAndFoldersForTheOwnerAlone() throws {
        let place = try Place(marked: true)
        let store = try place.open()
        try store.put("a", "sk")
        try store.put("b", "sk")
        #expect(try mode(place.folder.path + "/store") == 0o700)
        for file in [place.path, place.path + ".bak", place.path + ".lock", place.keyPath] {
            #expect(try mode(file) == 0o600, "\(file)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: place.folder.path + "/store")
        #expect(names.sorted() == ["encrypted.json", "encrypted.json.bak", "encrypted.json.lock"])
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o610, 0o601, 0o777])
    func refusesAFileThatIsOpenToOthersAndSaysWhatRepairsIt(_ mode: mode_t) throws {
        let place = try Place()
        chmod(place.path, mode)
        let found = try refused(place)
        #expect(found.hint == "chmod 600 \(place.path)")
        #expect(found.description.contains("mode 0\(String(mode, radix: 8))"))
        chmod(place.path, 0o600)
        #expect(try place.open().list().isEmpty)
    }

    @Test(arguments: [0o750, 0o705, 0o777])
    func refusesAFolderThatIsOpenToOthers(_ mode: mode_t) throws {
        let place = try Place()
        let folder = place.folder.path + "/store"
        chmod(folder, mode)
        #expect(try refused(place).hint == "take a folder for it alone: chmod 700 \(folder)")
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func refusesAFileAndAFolderOfSomebodyElse() throws {
        let place = try Place()
        #expect(chown(place.path, 12345, 12345) == 0)
        #expect(try refused(place).description.contains("belongs to user 12345"))
        #expect(chown(place.path, 0, 0) == 0)
        #expect(chown(place.folder.path + "/store", 12345, 12345) == 0)
        #expect(try refused(place).description.contains("belongs to user 12345"))
    }

    @Test func refusesLinksAndWhatIsNoFile() throws {
        let place = try Place()
        let aside = place.folder.path + "/aside"
        #expect(rename(place.path, aside) == 0)
        #expect(symlink(aside, place.path) == 0)
        #expect(try refused(place).description.contains("symbolic link"))
        unlink(place.path)
        #expect(mkfifo(place.path, 0o600) == 0)
        #expect(try refused(place).description.contains("not a regular file"))
        unlink(place.path)
        #expect(mkdir(place.path, 0o700) == 0)
        #expect(try refused(place).description.contains("not a regular file"))

        let other = try Place()
        let folder = other.folder.path + "/store"
        #expect(rename(folder, folder + "-aside") == 0)
        #expect(symlink(folder + "-aside", folder) == 0)
        #expect(try refused(other).description.contains("not a folder, or a link"))
    }

    /// Somebody who may write the folder plants a link where the next state is going to be written.
    @Test func aPlantedLinkIsNotFollowed() throws {
        let place = try Place()
        let victim = try place.folder.file("as it was", name: "victim")
        for name in [".new", ".bak", ".bak.new"] { #expect(symlink(victim, place.path + name) == 0) }
        try place.open().put("a", "sk")
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "as it was")
        #expect(try place.open().get("a") == "sk")
        unlink(place.path + ".lock")
        #expect(symlink(victim, place.path + ".lock") == 0)
        #expect(fault { try place.open().put("a", "sk") } != nil)
    }

    @Test func keepsOneStateBefore() throws {
        let place = try Place()
        let store = try place.open()
        try store.put("a", "sk-1")
        let before = try place.bytes
        try store.put("a", "sk-2")
        #expect(Array(try Data(contentsOf: URL(fileURLWithPath: place.path + ".bak"))) == before)
        let backup = try SealedFileStore(path: place.path + ".bak", master: place.keyFile.master())
        #expect(try backup.get("a") == "sk-1")
    }

    /// A fault behind each step: nothing is lost before the new state is in its place, and afterwards it is there.
    @Test(arguments: WriteStep.allCases)
    func aFaultAtAnyStepLeavesOneStateWhole(_ step: WriteStep) throws {
        let place = try Place()
        try place.open().put("a", "sk-1")
        let failing = try place.open { (reached) throws(StoreFault) in
            if reached == step { throw .unwritable(place: "the disk", reason: "No space left on device") }
        }
        #expect(fault { try failing.put("a", "sk-2") } != nil)
        let isNew = step == .renamed || step == .done
        #expect(try place.open().get("a") == (isNew ? "sk-2" : "sk-1"))
        #expect(try failing.get("a") == (isNew ? "sk-2" : "sk-1"))
        try place.open().put("a", "sk-3")
        #expect(try failing.get("a") == "sk-3")
        let names = try FileManager.default.contentsOfDirectory(atPath: place.folder.path + "/store")
        #expect(!names.contains { $0.hasSuffix(".new") })
    }

    @Test func manyWritersLoseNothing() async throws {
        let place = try Place()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    do {
                        let store = try place.open()
                        for round in 0..<10 { try store.put("key-\(writer)-\(round)", "sk-\(writer)-\(round)") }
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
        }
        let store = try place.open()
        #expect(try store.list().count == 40)
        #expect(try store.state().generation == 41)
    }
}
