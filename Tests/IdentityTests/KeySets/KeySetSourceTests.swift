import Foundation
import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct KeySetSourceTests {
    @Test(arguments: [
        "https://idp.example/keys", "https://idp.example", "https://idp.example:8443/k?x=1", "http://127.0.0.1:9/k",
        "http://localhost/k", "http://[::1]:80/k", "http://127.1.2.3/k", "https://[2001:db8::1]/k",
    ])
    func fetchesFromThese(url: String) {
        #expect(FetchedKeySet.isAllowed(url))
    }

    // SEC-204
    @Test(arguments: [
        "", "idp.example", "ftp://idp.example", "http://idp.example/keys", "http://127.0.0.1.example/",
        "http://localhost.example/", "https://user:pw@idp.example/", "https://", "https:///keys", "https://:443/",
        "http://localhost@idp.example/", "https://idp.example/ x", "https://idp.example\\@x/", "http://127.0.0.256/",
        "HTTP://127.0.0.1/", "https://idp.ex\u{e4}mple/", "file:///etc/keys", "http://0.0.0.0/", "https://a\n/",
    ])
    func neverFetchesFromThese(url: String) {
        #expect(!FetchedKeySet.isAllowed(url))
    }

    @Test func readsAFileWithinItsLimit() async throws {
        let path = NSTemporaryDirectory() + "keys-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("0123456789".utf8).write(to: URL(fileURLWithPath: path))
        let source = KeySetFile(path: path)
        #expect(try await source.read(limit: 10, seconds: 5).body == Array("0123456789".utf8))
        await #expect(throws: FetchFailure.tooLarge) { try await source.read(limit: 9, seconds: 5) }
        await #expect(throws: FetchFailure.unreachable) {
            try await KeySetFile(path: path + ".absent").read(limit: 10, seconds: 5)
        }
        await #expect(throws: FetchFailure.unreachable) {
            try await KeySetFile(path: "/dev/zero").read(limit: 10, seconds: 5)
        }
        await #expect(throws: FetchFailure.unreachable) { try await KeySetFile(path: "/").read(limit: 10, seconds: 5) }
    }
}
