import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

@Suite struct HTTPFetcherTests {
    private static func fetch(
        _ script: @escaping @Sendable (RecordingUpstream.Request) -> [RecordingUpstream.Step],
        path: String = "/keys?a=b",
        limit: Int = 1000,
        passing seconds: Double = 0
    ) async throws -> Result<FetchedDocument, FetchFailure> {
        let upstream = try RecordingUpstream(script: script)
        defer { upstream.stop() }
        return try await Bench.open(service: echoingPaths) { bench in
            async let result: Result<FetchedDocument, FetchFailure> = {
                do throws(FetchFailure) {
                    return .success(
                        try await HTTPFetcher(crew: bench.crew).get(
                            "http://127.0.0.1:\(upstream.port)\(path)",
                            limit: limit,
                            seconds: 5
                        )
                    )
                } catch {
                    return .failure(error)
                }
            }()
            if seconds > 0 {
                try await upstream.requests(1)
                try await bench.pass(seconds)
            }
            return await result
        }
    }

    @Test func fetchesADocument() async throws {
        let result = try await Self.fetch { request in
            request.message.startLine == "GET /keys?a=b HTTP/1.1"
                ? [.answer("{}", fields: "cache-control: public, max-age=300\r\n")] : []
        }
        let document = try result.get()
        #expect(document.body == Array("{}".utf8))
        #expect(document.maxAge == 300)
    }

    @Test(arguments: [
        ("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n", FetchFailure.redirect),
        ("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", .status), ("nonsense\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", .malformed),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n" + String(repeating: "x", count: 2000), .tooLarge),
        ("", .unreachable),
    ])
    func saysWhyThereIsNone(_ raw: String, _ failure: FetchFailure) async throws {
        let result = try await Self.fetch { _ in [.send(raw), .close] }
        #expect(throws: failure) { try result.get() }
    }

    @Test func endsADocumentThatDrips() async throws {
        let result = try await Self.fetch(
            { _ in [.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nab"), .wait(Latch())] },
            passing: 6
        )
        #expect(throws: FetchFailure.self) { try result.get() }
    }

    @Test func refusesAQueryThatCouldEndTheLine() async throws {
        let result = try await Self.fetch({ _ in [] }, path: "/keys?a b\r\nx: y")
        #expect(throws: FetchFailure.malformed) { try result.get() }
    }
}
