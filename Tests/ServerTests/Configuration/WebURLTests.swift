import OstiaryWire
import Testing

@testable import OstiaryServer

@Suite struct WebURLTests {
    // SEC-003: what the configuration takes for good can be dialled, so that `check` finds what `serve` would.
    @Test(arguments: [
        "https://api.example//v1", "https://api.example/v1//", "https://api.example/%2e%2e/v1",
        "https://api.example/a%2fb", "https://api.example/%zz", "https://api.example/v1//?a=b",
    ])
    func refusesPathsThatTheDiallerRefuses(_ text: String) {
        #expect(WebURL(text) == nil)
    }

    @Test(arguments: [
        "https://api.example", "https://api.example/", "https://api.example/v1/", "http://[::1]:8080/a%20b/c",
        "http://127.0.0.1:9000/v1?a=//b/../c",
    ])
    func takesWhatTheDiallerTakes(_ text: String) throws {
        let url = try #require(WebURL(text))
        let origin = try #require(Origin(String(text.prefix { $0 != "?" })))
        #expect(origin.host == url.host)
        #expect(origin.isSecure == url.isSecure)
    }
}
