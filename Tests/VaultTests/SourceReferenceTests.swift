import Testing

@testable import OstiaryVault

private func fault(_ text: String) -> SourceFault? {
    do {
        _ = try SourceReference(text)
        return nil
    } catch {
        return error
    }
}

@Test func readsTheKindsItKnows() throws {
    #expect(try SourceReference("env:OPENAI_KEY").description == "environment variable OPENAI_KEY")
    #expect(try SourceReference("env:OPENAI_KEY").environmentName == "OPENAI_KEY")
    #expect(try SourceReference("file:/run/secrets/openai").description == "key file /run/secrets/openai")
    #expect(try SourceReference("vault:openai").description == "vault key openai")
    #expect(try SourceReference("keyring:team/openai").description == "keyring key team/openai")
    #expect(try SourceReference("file:with:colon").environmentName == nil)
}

@Test(arguments: ["exec:pass show"])
func saysThatAKindIsNotAvailableYet(_ text: String) throws {
    let found = try #require(fault(text))
    #expect(found == .notAvailable(kind: String(text.prefix { $0 != ":" })))
    #expect(found.description.contains("not available in this version"))
    #expect(found.description.contains("env:NAME or file:path or vault:NAME or keyring:NAME"))
}

@Test(arguments: ["sk-canary", "sk:canary", "", ":", "ENV:canary", "env :canary", "env:sk-canary", "env:1canary"])
func neverRepeatsWhatMayBeAKey(_ text: String) throws {
    let found = try #require(fault(text))
    #expect(!found.description.contains("canary"))
    #expect(!String(reflecting: found).contains("canary"))
}

@Test(arguments: ["env:", "env:A=B", "env:A B", "env:é", "file:", "file:a\0b", "vault:", "vault:a b", "keyring:-"])
func refusesNamesThatCannotBe(_ text: String) {
    if case .invalidName = fault(text) {} else { Issue.record("taken: \(text.debugDescription)") }
}

@Test func listsEachKindOnce() {
    #expect(Set(KeySources.all.map { $0.kind }).count == KeySources.all.count)
    for type in KeySources.all {
        #expect(type.form.hasPrefix(type.kind + ":"))
        #expect(!KeySources.unavailable.contains(type.kind))
    }
}
