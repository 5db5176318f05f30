import Crypto
import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

// SEC-402
@Suite struct SealedFileStoreTests {
    @Test func keepsTheContractOfStores() throws {
        let place = try Place()
        try keepsTheContract(of: place.open())
    }

    @Test func anotherProcessReadsWhatWasWritten() throws {
        let place = try Place()
        let (one, other) = (try place.open(), try place.open())
        try one.put("openai", "sk-canary-1")
        #expect(try other.get("openai") == "sk-canary-1")
        try other.put("openai", "sk-canary-2")
        #expect(try one.get("openai") == "sk-canary-2")
    }

    @Test func showsNothingOfAKeyInTheFile() throws {
        let place = try Place()
        try place.open().put("openai", "sk-canary")
        let file = String(decoding: try place.bytes, as: UTF8.self)
        #expect(file.contains("\"openai\""))
        for spelling in ["canary", Base64URL.encode(Array("sk-canary".utf8)), Hex.encode(Array("sk-canary".utf8))] {
            #expect(!file.contains(spelling))
        }
    }

    @Test func writesTheFormatOfTheGuide() throws {
        let place = try Place()
        try place.open().put("openai", "sk-canary", at: 5)
        let document = try #require(try JSONReader.read(place.bytes).object)
        #expect(document.members.map(\.name) == ["format", "generation", "kdf", "keys", "entries", "mac"])
        #expect(document["generation"] == .integer(2))
        #expect(document["kdf"]?.object?["name"] == .string("hkdf-sha256"))
        let key = try #require(document["keys"]?.array?.first?.object)
        #expect(key.members.map(\.name) == ["kid", "wrap", "nonce", "ct", "created_at", "state"])
        let entry = try #require(document["entries"]?.object?["openai"]?.object)
        #expect(entry.members.map(\.name) == ["kid", "generation", "nonce", "ct", "created_at", "updated_at"])
        #expect(entry["updated_at"] == .integer(1_800_000_005))
    }

    @Test func saysWhetherThereIsAStore() throws {
        let folder = try Folder()
        let store = try SealedFileStore(path: folder.path + "/a/b.json", master: .random())
        #expect(try !store.isThere())
        #expect(fault { _ = try store.list() } == .notThere(place: store.label))
        #expect(fault { try store.put("a", "sk") } == .notThere(place: store.label))
        try store.create(at: time(0))
        #expect(try store.isThere())
        #expect(fault { try store.create(at: time(0)) } == .exists(place: store.label))
        #expect(try store.list().isEmpty)
    }

    @Test func isNotOpenedByAnotherMaster() throws {
        let place = try Place()
        let store = try SealedFileStore(path: place.path, master: .random())
        #expect(fault { _ = try store.list() } == .notOpened(place: store.label))
        #expect(fault { try store.put("a", "sk") } == .notOpened(place: store.label))
        let words = try SealedFileStore(path: place.path, master: MasterSecret(.passphrase, secret("correct horse")))
        #expect(fault { _ = try words.list() } == .notOpened(place: store.label))
    }

    @Test func opensWithAPassphrase() throws {
        let folder = try Folder()
        let path = folder.path + "/encrypted.json"
        func store(_ words: String) throws -> SealedFileStore {
            try SealedFileStore(path: path, master: MasterSecret(.passphrase, secret(words)))
        }
        let first = try store("correct horse battery")
        try first.create(at: time(0), derivation: .quick)
        try first.put("openai", "sk-canary")
        let file = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        #expect(file.contains("\"scrypt\""))
        #expect(try store("correct horse battery").get("openai") == "sk-canary")
        #expect(fault { _ = try store("correct horse batter").list() } == .notOpened(place: first.label))
        #expect(throws: StoreFault.self) { try MasterSecret(.passphrase, secret("short")) }
    }

    @Test func asksForWhatIsAdvisedToday() {
        #expect(KeyDerivation.today(for: .passphrase).method == .scrypt(n: 131_072, r: 8, p: 1))
        #expect(KeyDerivation.today(for: .random).method == .hkdf)
        #expect(KeyDerivation.today(for: .random).salt != KeyDerivation.today(for: .random).salt)
    }

    /// RFC 7914 section 12 and RFC 5869 do not reach our bounds, so what other implementations say is written down here.
    @Test func derivesWhatOthersDerive() throws {
        let salt = Array(0..<16 as Range<UInt8>)
        let words = try MasterSecret(.passphrase, secret("correct horse battery"))
        func hex(_ method: KeyDerivation.Method) throws -> String {
            let key = try #require(KeyDerivation(method: method, salt: salt).key(from: words))
            return key.withUnsafeBytes { Hex.encode($0) }
        }
        #expect(
            try hex(.scrypt(n: 1 << 14, r: 8, p: 1))
                == "e96ec6ba8c63a23698220f37c7fc042925d430c7feadec9ceb04af03cabb9f2f"
        )
        #expect(
            try hex(.pbkdf2(iterations: 210_000))
                == "770db2b558e8154abb8b8acab2fcd51a5957e86d5a125661ff8baeb5ece8c1eb"
        )
    }

    @Test func takesABoundedNumberOfKeysAndShowsThem() throws {
        let place = try Place()
        let store = try place.open()
        for index in 0..<50 { try store.put("key-\(index)", "sk-\(index)") }
        #expect(try store.state().generation == 51)
        #expect(try store.list().count == 50)
        #expect(try store.get("key-49") == "sk-49")
    }

    @Test func everySealHasANonceOfItsOwn() throws {
        let key = DataKey(kid: "k1", created: time(0)).forEntries
        var seen: Set<[UInt8]> = []
        let plain = Array("sk-canary".utf8)
        for generation in 0..<20_000 {
            let sealed = try plain.withUnsafeBytes { bytes in
                try SealedBytes(
                    sealing: bytes,
                    under: key,
                    binding: .entry(kid: "k1", name: StoredName("a"), generation: generation % 3)
                )
            }
            seen.insert(sealed.nonce)
        }
        #expect(seen.count == 20_000)
    }

    // SEC-209
    @Test func nothingSealedForOnePurposeIsOpenedForAnother() throws {
        let key = DataKey(kid: "k1", created: time(0))
        let other = DataKey(kid: "k2", created: time(0))
        let name = try StoredName("a")
        let bindings: [SealedBytes.Binding] = [
            .dataKey(kid: "k1"), .entry(kid: "k1", name: name, generation: 1),
            .entry(kid: "k1", name: name, generation: 2), .entry(kid: "k1", name: try StoredName("b"), generation: 1),
            .entry(kid: "k2", name: name, generation: 1),
        ]
        let keys = [key.forEntries, key.forDocument, other.forEntries, other.forDocument]
        let plain = Array("sk-canary".utf8)
        var opened = 0
        for (sealing, binding) in bindings.enumerated() {
            for (under, sealer) in keys.enumerated() {
                let sealed = try plain.withUnsafeBytes { try SealedBytes(sealing: $0, under: sealer, binding: binding) }
                for (place, binding) in bindings.enumerated() {
                    for (with, opener) in keys.enumerated() {
                        let isSame = sealing == place && under == with
                        let isOpened = (try? text(sealed.open(under: opener, binding: binding))) != nil
                        #expect(isOpened == isSame)
                        opened += isOpened ? 1 : 0
                    }
                }
            }
        }
        #expect(opened == bindings.count * keys.count)
    }
}
