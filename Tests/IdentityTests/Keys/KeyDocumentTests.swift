import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite struct KeyDocumentTests {
    private let now = UnixTime(seconds: 1_800_000_000.5)

    private func make(_ seed: UInt64) -> Secret {
        var random = SeededGenerator(seed: seed)
        return VirtualKey.make(random: &random)
    }

    private func document() throws -> KeyDocument {
        var document = KeyDocument()
        let wish = KeyWish(
            name: "ci",
            expires: 1_900_000_000,
            scopes: ["inference"],
            models: ["gpt-*", "o4"],
            limits: Narrowing.Limits(requestsPerMinute: 30, burst: 5, concurrent: 2)
        )
        try document.add(wish, key: make(1), at: now)
        try document.add(KeyWish(name: "other"), key: make(2), at: now)
        try document.rotate("other", key: make(3), overlap: 60, at: now)
        try document.revoke("other", at: now)
        return document
    }

    @Test func `what was written is read again`() throws {
        let document = try document()
        let again = try KeyDocument(reading: document.bytes)
        #expect(again.records == document.records)
        #expect(again.bytes == document.bytes)
        #expect(again.records[0].models == ["gpt-*", "o4"])
        #expect(again.records[1].texts.map(\.ends) == [nil, 1_800_000_060])
    }

    /// SEC-402: the file holds no key, and what it holds is no key.
    @Test func `the file holds digests, and no digest is a credential`() throws {
        let document = try document()
        let written = String(decoding: document.bytes, as: UTF8.self)
        for seed in 1...3 as ClosedRange<UInt64> {
            let text = make(seed).withBytes { $0.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
            #expect(!written.contains(text.dropFirst(4).prefix(20)))
        }
        let known = KnownKeys(document, pseudonymKey: SymmetricKey(size: .bits256))
        for record in document.records {
            for text in record.texts {
                #expect(known.holder(of: text.digest.bytes) == nil)
                #expect(known.holder(of: Array(text.digest.hex.utf8)) == nil)
            }
        }
        // Another file's digests are others.
        var other = KeyDocument()
        try other.add(KeyWish(name: "ci"), key: make(1), at: now)
        #expect(other.records[0].texts[0].digest != document.records[0].texts[0].digest)
    }

    @Test func `whatever is not understood is refused, as it could be a restriction`() throws {
        let good = String(decoding: try document().bytes, as: UTF8.self)
        #expect(throws: Never.self) { _ = try KeyDocument(reading: Array(good.utf8)) }
        for (from, to) in [
            (#""version":1"#, #""version":2"#), (#""models":"#, #""modells":"#), (#""gpt-*""#, "7"),
            (#""expires":1900000000"#, #""expires":"never""#), (#""burst":5"#, #""burst":0"#),
            (#""name":"other""#, #""name":"ci""#), (#""name":"ci""#, #""name":"C I""#),
            (#""digest":""#, #""digest":"0"#), (#""hash_key":""#, #""hash_key":"x"#),
        ] {
            let bad = good.replacing(from, with: to)
            #expect(bad != good)
            #expect(throws: KeyDocument.Fault.self, "\(from)") { _ = try KeyDocument(reading: Array(bad.utf8)) }
        }
        for length in stride(from: 0, to: good.utf8.count, by: 7) {
            #expect(throws: KeyDocument.Fault.self) { _ = try KeyDocument(reading: Array(good.utf8.prefix(length))) }
        }
    }

    @Test func `a name is one holder's until it is revoked`() throws {
        var document = try document()
        #expect(throws: KeyDocument.Fault.known("ci")) { try document.add(KeyWish(name: "ci"), key: make(9), at: now) }
        #expect(throws: Never.self) { try document.add(KeyWish(name: "other"), key: make(9), at: now) }
        #expect(document.records.map(\.name) == ["ci", "other"])
        #expect(document.records[1].revoked == nil)
        #expect(throws: KeyDocument.Fault.unknown("x")) { try document.revoke("x", at: now) }
        for name in ["", "-a", ".a", "A", "a b", "ä", String(repeating: "a", count: 65)] {
            #expect(throws: KeyDocument.Fault.name) { try document.add(KeyWish(name: name), key: make(9), at: now) }
        }
    }

    @Test func `a full file forgets the oldest revoked key, and no other`() throws {
        var document = KeyDocument()
        let secret = make(1)
        try document.add(KeyWish(name: "first"), key: secret, at: now)
        document.records = (0..<KeyDocument.limit).map { number in
            KeyRecord(
                name: "k\(number)",
                created: 1,
                expires: nil,
                revoked: nil,
                scopes: [],
                models: nil,
                limits: Narrowing.Limits(),
                texts: []
            )
        }
        #expect(throws: KeyDocument.Fault.full) { try document.add(KeyWish(name: "new"), key: secret, at: now) }
        try document.revoke("k17", at: now)
        try document.add(KeyWish(name: "new"), key: secret, at: now)
        #expect(document.records.count == KeyDocument.limit)
        #expect(!document.records.contains { $0.name == "k17" })
    }
}
