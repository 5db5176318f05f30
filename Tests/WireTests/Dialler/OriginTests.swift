import Testing

@testable import OstiaryWire

@Suite struct OriginTests {
    @Test(arguments: [
        ("http://127.0.0.1:9000/v1", "127.0.0.1:9000", "/v1"), ("https://api.example", "api.example", ""),
        ("https://api.example:443/", "api.example", ""), ("https://api.example:8443/a/", "api.example:8443", "/a"),
        ("http://[::1]:80/x", "[::1]", "/x"), ("http://[::1]:81", "[::1]:81", ""),
    ])
    func readsAURL(_ url: String, _ authority: String, _ path: String) throws {
        let origin = try #require(Origin(url))
        #expect(origin.authority == authority)
        #expect(origin.basePath == path)
        #expect(origin.isSecure == url.hasPrefix("https"))
    }

    @Test(arguments: [
        "", "http://", "ftp://a", "//a", "http://u:p@a/", "http://a?b", "http://a/?b", "http://a#b", "http://a:b",
        "http://a:99999",
        "http://[::1", "http://a/../b", "http://a/b c", "http://a b/", "http://:80", "https://a/%2f",
    ])
    func refusesEverythingElse(_ url: String) {
        #expect(Origin(url) == nil)
    }

    @Test(
        arguments: [
            ("max-age=60", 60), ("public, Max-Age=60, x", 60), ("max-age=60 ", 60), ("max-age", nil), ("=", nil),
            (",,=,", nil),
            ("max-age=", nil), ("max-age=-1", nil), ("max-age=+1", nil), ("max-age=99999999999999999999", nil),
            ("s-maxage=1", nil), ("", nil), ("max-age=0", 0),
        ] as [(String, Int?)]
    )
    func readsMaxAge(_ value: String, _ seconds: Int?) {
        #expect(HTTPFetcher.maxAge(Array(value.utf8)) == seconds)
    }
}
