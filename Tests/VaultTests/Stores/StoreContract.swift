import OstiaryCore
import Testing

@testable import OstiaryVault

/// What every store promises; each implementation's tests call it with an empty store. `keepsTimes` is false for media
/// that know nothing of times.
func keepsTheContract(of store: some Store, keepsTimes: Bool = true) throws {
    #expect(try store.list().isEmpty)
    #expect(try store.get("openai") == nil)
    #expect(try !store.remove(StoredName("openai")))

    try store.put("openai", "sk-canary-1", at: 1)
    #expect(try store.get("openai") == "sk-canary-1")
    try store.put("anthropic", "sk-canary-2", at: 2)
    try store.put("openai", "sk-canary-3", at: 3)
    #expect(try store.get("openai") == "sk-canary-3")
    let listed = try store.list()
    #expect(listed.map(\.name.text) == ["anthropic", "openai"])
    if keepsTimes {
        #expect(listed.map(\.created) == [time(2), time(1)])
        #expect(listed.map(\.updated) == [time(2), time(3)])
    }

    // Names that are nearly the same are different ones.
    for name in ["Openai", "openai:2", "openai/eu", "a@b", "0"] { try store.put(name, "sk-\(name.count)") }
    #expect(try store.get("openai") == "sk-canary-3")
    #expect(try store.get("Openai") == "sk-6")
    #expect(try store.list().count == 7)

    #expect(try store.remove(StoredName("openai")))
    #expect(try store.get("openai") == nil)
    #expect(try !store.remove(StoredName("openai")))

    // The longest key, and those that are none.
    let longest = String(repeating: "k", count: 8192)
    try store.put("long", longest)
    #expect(try store.get("long") == longest)
    for value in ["", " sk", "sk\n", "sk\u{0}canary", "cl\u{e9}", longest + "k"] {
        guard case .unusable(let reason) = fault({ try store.put("long", value) }) else {
            Issue.record("kept: \(value.debugDescription.prefix(20))")
            continue
        }
        #expect(!reason.contains("canary"))
    }
    #expect(try store.get("long") == longest)
    for key in try store.list() { #expect(try store.remove(key.name)) }
    #expect(try store.list().isEmpty)
}
