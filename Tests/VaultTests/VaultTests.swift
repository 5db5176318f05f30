import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

private let permit = Permit.sample()

private func open(_ reference: String, _ environment: [String: String] = [:]) throws -> Vault {
    try Vault(["openai": SourceReference(reference)], environment: environment)
}

private func lent(_ vault: Vault, _ name: String = "openai") throws -> String {
    let loan = try vault.lend(name, for: permit)
    return loan.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
}

private func fault(_ reference: String, _ environment: [String: String] = [:]) -> SourceFault? {
    do {
        _ = try open(reference, environment)
        return nil
    } catch {
        return (error as? VaultFault)?.faults.first?.fault
    }
}

@Test func lendsAKeyOfTheEnvironment() throws {
    #expect(try lent(open("env:OPENAI_KEY", ["OPENAI_KEY": "sk-canary"])) == "sk-canary")
}

@Test(arguments: [("sk-canary", "sk-canary"), ("sk-canary\n", "sk-canary"), ("sk-canary\r\n", "sk-canary")])
func lendsAKeyOfAFileWithoutItsLineEnd(_ text: String, _ expected: String) throws {
    let folder = try Folder()
    let vault = try open("file:\(folder.file(text))")
    #expect(try lent(vault) == expected)
    #expect(vault.warnings.isEmpty)
}

@Test(arguments: [
    "sk\ncanary", "sk-canary\n\n", "sk-canary\r", "\u{0}canary", "sk\u{1b}[canary", "sk\u{7f}canary", " canary",
    "canary ", "canary\t", "\u{feff}canary", "can\u{e9}ry",
])
func refusesWhatCannotStandInAHeaderField(_ text: String) throws {
    let folder = try Folder()
    let found = try #require(fault("file:\(folder.file(text))"))
    if case .invalidCharacter = found {} else { Issue.record("\(found)") }
    #expect(!found.description.contains("canary"))
    #expect(fault("env:KEY", ["KEY": text]) == .invalidCharacter(label: "environment variable KEY"))
}

@Test func keepsTheLineEndOfAVariableAsAFault() {
    #expect(fault("env:KEY", ["KEY": "sk-canary\n"]) == .invalidCharacter(label: "environment variable KEY"))
}

@Test func refusesEmptyKeys() throws {
    let folder = try Folder()
    let file = try folder.file("\n")
    #expect(fault("file:\(file)") == .empty(label: "key file \(file)"))
    #expect(fault("env:KEY", ["KEY": ""]) == .empty(label: "environment variable KEY"))
}

@Test func refusesWhatIsNoReadableFile() throws {
    let folder = try Folder()
    #expect(fault("file:\(folder.path)/none") == .missing(label: "key file \(folder.path)/none"))
    #expect(fault("file:\(folder.path)") == .notAFile(label: "key file \(folder.path)"))
    #expect(fault("file:/dev/zero") == .notAFile(label: "key file /dev/zero"))
    let fifo = "\(folder.path)/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    #expect(fault("file:\(fifo)") == .notAFile(label: "key file \(fifo)"))
    let large = try folder.file(String(repeating: "x", count: FileSource.limit + 1), name: "large")
    #expect(fault("file:\(large)") == .tooLarge(label: "key file \(large)", limit: FileSource.limit))
}

@Test func warnsOfAFileThatOthersMayRead() throws {
    let folder = try Folder()
    let file = try folder.file("sk-canary", mode: 0o444)
    let vault = try open("file:\(file)")
    #expect(vault.warnings == [.readableByOthers(label: "key file \(file)", mode: 0o444)])
    #expect("\(vault.warnings)".contains("mode 0444"))
    #expect(try lent(vault) == "sk-canary")
}

@Test func reportsAllFaultsTogetherByNameAndWithoutValues() throws {
    let references = try [
        "a": SourceReference("env:NONE"), "b": SourceReference("env:BAD"), "c": SourceReference("env:GOOD"),
    ]
    do {
        _ = try Vault(references, environment: ["BAD": "sk\ncanary", "GOOD": "sk-canary"])
        Issue.record("opened")
    } catch {
        #expect(error.faults.map(\.name) == ["a", "b"])
        #expect(error.description.contains("key of a: environment variable NONE is not there"))
        #expect(!String(reflecting: error).contains("canary"))
    }
}

@Test func answersCredentialUnavailableForAnUnknownName() throws {
    let vault = try Vault(
        ["caf\u{e9}": SourceReference("env:KEY")],
        environment: ["KEY": "sk-canary"]
    )
    #expect(vault.has("caf\u{e9}"))
    for name in ["openai", "cafe\u{301}", ""] {
        #expect(!vault.has(name))
        do {
            _ = try vault.lend(name, for: permit)
            Issue.record("lent")
        } catch {
            #expect(error.code == .credentialUnavailable)
        }
    }
}

@Test func keepsALoanGoodAfterTheVaultIsGone() throws {
    func lendAndClose() throws -> Loan {
        try open("env:KEY", ["KEY": "sk-canary"]).lend("openai", for: permit)
    }
    let loan = try lendAndClose()
    #expect(loan.withBytes { $0.count } == 9)
}

@Test func showsNoKeyInAMirrorOfTheVault() throws {
    var dumped = ""
    dump(try open("env:KEY", ["KEY": "sk-canary"]), to: &dumped)
    #expect(!dumped.contains("canary"))
    #expect(!dumped.contains("115"))
}

@Test func readsAVariableThatWasTakenOutOfTheEnvironment() throws {
    let kept = KeptVariables()
    kept.keep("OPENAI_KEY", value: Array("sk-canary".utf8).span)
    #expect(kept.has("OPENAI_KEY") && !kept.has("OTHER_KEY"))
    #expect(kept.names == ["OPENAI_KEY"])
    for _ in 0..<2 {
        let vault = try Vault(["openai": SourceReference("env:OPENAI_KEY")], environment: [:], kept: kept)
        #expect(try lent(vault) == "sk-canary")
    }
    #expect(throws: VaultFault.self) {
        try Vault(["openai": SourceReference("env:OTHER_KEY")], environment: [:], kept: kept)
    }
}

@Test func knowsWhetherAKeyIsStillTheSame() throws {
    let one = try open("env:KEY", ["KEY": "sk-canary-1"])
    #expect(one.hasSameKey("openai", as: try open("env:OTHER", ["OTHER": "sk-canary-1"])))
    #expect(!one.hasSameKey("openai", as: try open("env:KEY", ["KEY": "sk-canary-2"])))
    #expect(!one.hasSameKey("openai", as: try open("env:KEY", ["KEY": "sk-canary-10"])))
    #expect(!one.hasSameKey("openai", as: try Vault([:], environment: [:])))
    #expect(try Vault([:], environment: [:]).hasSameKey("openai", as: try Vault([:], environment: [:])))
}

@Test func lendsAKeyOfTheStore() throws {
    let store = MemoryStore()
    try store.put("team/openai", "sk-canary")
    func vault(_ name: String, _ store: (any Store)?) throws -> Vault {
        try Vault(["openai": SourceReference("vault:\(name)")], environment: [:], store: store)
    }
    #expect(try lent(vault("team/openai", store)) == "sk-canary")
    do {
        _ = try vault("other", nil)
        Issue.record("lent")
    } catch {
        let expected = "vault key other cannot be read: no store is configured; name one in vault.file"
        #expect("\(error)" == "key of openai: \(expected)")
    }
}

@Test func waitsForAKeyThatIsNotStoredYet() throws {
    let vault = try Vault(["openai": SourceReference("vault:other")], environment: [:], store: MemoryStore())
    #expect(vault.has("openai"))
    #expect(vault.warnings.count == 1)
    #expect(throws: GateError.self) { try lent(vault) }
}

@Test func aStoreThatCannotBeReadIsNoMissingKey() throws {
    let place = try Place()
    let store = try place.open()
    try store.put("openai", "sk-canary")
    try place.overwrite(Array(try place.bytes.dropLast()))
    do {
        _ = try Vault(["openai": SourceReference("vault:openai")], environment: [:], store: store)
        Issue.record("opened")
    } catch {
        #expect("\(error)".contains("cannot be read: sealed store"))
    }
}
