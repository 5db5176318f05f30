import OstiaryCore
import Testing

@testable import OstiaryJournal

private let attacks = [
    "a\nb", "a\rb", "a\r\nlevel=info", "\u{1b}[2J\u{1b}]0;owned\u{7}", "\",\"admin\":true,\"x\":\"", "back\\slash\\",
    "\u{2028}line\u{2029}", "\u{85}next", "\u{9b}31m", "\u{0}", "\u{7f}", "\u{202e}evil", "\u{feff}", "e\u{301}",
    "😀", "a b=c", "", String(repeating: "\u{1b}", count: 5_000), String(repeating: "x", count: 100_000),
]

private let members: Set = [
    "time", "level", "message", "id", "method", "route", "status", "outcome", "cut", "cause", "duration_ms", "ttfb_ms",
    "upstream_ms", "bytes_in", "bytes_out", "user", "peer", "provider", "model", "tokens_in", "tokens_out",
    "tokens_estimated", "finish",
]

private func poisoned(_ text: String) -> Entry {
    var entry = entry(route: text, provider: text, model: text)
    entry.cause = text
    entry.peer = Peer(address: text)
    return entry
}

// SEC-601
@Test(arguments: attacks) func keepsEveryJSONLineWholeWhateverItHolds(_ attack: String) throws {
    let bytes = JSONLine.bytes(of: poisoned(attack))
    #expect(lines(bytes).count == 1)
    #expect(bytes.dropLast().allSatisfy { 0x20...0x7e ~= $0 })
    let object = try parsed(bytes)
    #expect(Set(object.keys) == members)
    if attack.utf16.count <= LineBytes.valueLimit {
        #expect(object["model"] as? String == attack)
        #expect(object["peer"] as? String == attack)
    } else {
        #expect(bytes.count < 12_000)
    }
}

// SEC-601
@Test(arguments: attacks) func keepsEveryTextLineWholeWhateverItHolds(_ attack: String) {
    let bytes = TextLine.bytes(of: poisoned(attack))
    #expect(lines(bytes).count == 1)
    #expect(bytes.dropLast().allSatisfy { 0x20...0x7e ~= $0 })
    // Outside of quotes the names are the line's own.
    var isQuoted = false
    var isEscaped = false
    var outside: [UInt8] = []
    for byte in bytes {
        if isEscaped {
            isEscaped = false
        } else if isQuoted && byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isQuoted.toggle()
        } else if !isQuoted {
            outside.append(byte)
        }
    }
    #expect(!isQuoted)
    #expect(outside.count { $0 == UInt8(ascii: "=") } == 12)
}

// SEC-601
@Test(arguments: attacks) func keepsEventsWholeWhateverTheyHold(_ attack: String) throws {
    let json = JSONLine.bytes(of: "key set fetch failed", level: .warning, ["reason": attack], at: someTime)
    let object = try parsed(json)
    #expect(Set(object.keys) == ["time", "level", "message", "fields"])
    #expect(lines(json).count == 1)
    let text = TextLine.bytes(of: "key set fetch failed", level: .warning, ["reason": attack], at: someTime)
    #expect(text.dropLast().allSatisfy { 0x20...0x7e ~= $0 })
}

// SEC-601
@Test func hasTheSameMembersWhateverHappened() throws {
    let bare = Entry(id: RequestID(high: 0, low: 0), time: someTime, status: 401, outcome: .refused(.missingToken))
    #expect(Set(try parsed(JSONLine.bytes(of: bare)).keys) == members)
    #expect(Set(try parsed(JSONLine.bytes(of: entry(outcome: .cut(.client)))).keys) == members)
}
