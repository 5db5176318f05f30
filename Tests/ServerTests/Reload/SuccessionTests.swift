import Testing

@testable import OstiaryServer

@Suite struct SuccessionTests {
    private func configuration(listen: String, admin: String = "127.0.0.1:8123") throws -> Configuration {
        var configuration = Configuration()
        configuration.listen.address = try #require(Configuration.Address(parsing: listen))
        configuration.admin.address = try #require(Configuration.Address(parsing: admin))
        return configuration
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1:8081", []),
        ("127.0.0.1:8080", "127.0.0.2:8080", []),
        // Beside itself.
        ("127.0.0.1:8080", "0.0.0.0:8080", []),
        ("0.0.0.0:8080", "127.0.0.1:8080", []),
        ("127.0.0.1:8080", "127.0.0.1:8123", ["listen.address"]),
        ("127.0.0.1:8080", "0.0.0.0:8123", ["listen.address"]),
        ("127.0.0.1:8080", "[::]:8123", ["listen.address"]),
        ("127.0.0.1:8080", "[::ffff:127.0.0.1]:8123", ["listen.address"]),
        ("127.0.0.1:8080", "127.0.0.2:8123", []),
        ("127.0.0.1:0", "0.0.0.0:0", []),
    ])
    func aDoorCannotMoveToWhereTheOtherStands(from: String, to: String, waiting: [String]) throws {
        let (before, wanted) = (try configuration(listen: from), try configuration(listen: to))
        let result = before.succeeded(by: wanted)
        #expect(result.waiting == waiting)
        #expect(result.next.listen.address == (waiting.isEmpty ? wanted : before).listen.address)
    }

    @Test func doorsThatChangePlacesWait() throws {
        let before = try configuration(listen: "127.0.0.1:8080", admin: "127.0.0.1:8123")
        let result = before.succeeded(by: try configuration(listen: "127.0.0.1:8123", admin: "127.0.0.1:8080"))
        #expect(result.waiting == ["listen.address", "admin.address"])
    }

    @Test func theNumberOfLoopsWaits() {
        var (before, wanted) = (Configuration(), Configuration())
        before.listen.workers = 2
        wanted.limits.burst = 99
        let result = before.succeeded(by: wanted)
        #expect(result.waiting == ["listen.workers"])
        #expect(result.next.listen.workers == 2)
        #expect(result.next.limits.burst == 99)
    }
}
