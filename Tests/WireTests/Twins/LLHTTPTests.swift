import OstiaryTesting
import Testing

@testable import OstiaryWire

// SEC-101, SEC-003
/// Two readers of one request: the gate's and llhttp. Where they disagreed, one of two programs in a row could be led
/// astray.
@Suite struct LLHTTPTests {
    @Test func bothReadLegalRequestsTheSame() async {
        var requests = LegalRequests(seed: 1)
        var listed: [LLHTTP.Difference: Int] = [:]
        for number in 0..<1500 {
            // Others want to go on too.
            await Task.yield()
            let request = requests.next()
            switch LLHTTP.compare(request) {
            case .same: break
            case .listed(let difference): listed[difference, default: 0] += 1
            case .refused: Issue.record("request \(number) is legal and refused: \(text(request))")
            case .different(let why): Issue.record("request \(number): \(why): \(text(request))")
            }
        }
        // Each difference that the requests can show was met, so the list is no longer than it needs to be.
        #expect(Set(listed.keys) == [.upgrade, .keptHTTP10, .tabBehindFraming])
    }

    @Test func whatIsAcceptedHereMeansTheSameThere() async {
        var requests = LegalRequests(seed: 2)
        var random = SeededGenerator(seed: 3)
        let alphabet = Array("\r\n\t :;,/?#%\\\0.@[]{}\"0aZ\u{7f}".utf8)
        var accepted = 0
        for number in 0..<3000 {
            await Task.yield()
            var request = requests.next()
            if random.happens(onceIn: 2) {
                request = Self.spliced(request, random.one(of: Self.hostile, else: ""), &random)
            }
            for _ in 0..<Int.random(in: 0...2, using: &random) { request = random.damaged(request, with: alphabet) }
            switch LLHTTP.compare(request) {
            case .same, .listed: accepted += 1
            case .refused: break
            case .different(let why): Issue.record("request \(number): \(why): \(text(request))")
            }
        }
        // Much of the damage lies where anything may stand; much of it does not.
        #expect((300...2700).contains(accepted))
    }

    @Test(
        arguments: [
            ("BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", LLHTTP.Verdict.listed(.unknownMethod)),
            ("CONNECT /x HTTP/1.1\r\nHost: x\r\n\r\n", .listed(.unknownMethod)),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", .listed(.upgrade)),
            ("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", .listed(.keptHTTP10)),
            ("GET / HTTP/1.1\r\nHost: x\r\nProxy-Connection: close\r\n\r\n", .listed(.proxyConnection)),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\t\r\n\r\n", .listed(.tabBehindFraming)),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\t\r\n\r\n", .listed(.tabBehindFraming)),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: x, close\t\r\n\r\n", .listed(.tabBehindOption)),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\t1 \r\n\r\n", .same),
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", .same),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", .same),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", .same),
            ("GET / HTTP/1.1\r\n\r\n", .refused), ("GET / HTTP/1.1\r\nHost: x\r\n", .refused),
        ] as [(String, LLHTTP.Verdict)]
    )
    func theListIsTheWholeDifference(head: String, verdict: LLHTTP.Verdict) {
        #expect(LLHTTP.compare(Array(head.utf8)) == verdict)
    }

    /// Lines that have led two readers astray before.
    private static let hostile = [
        "Content-Length: 5", "content-length: 0", "Content-Length: 5, 5", "Content-Length: +5", "Content-Length: 5 5",
        "Content-Length: 0x5", "Content-Length:", "Transfer-Encoding: chunked", "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked",
        "Transfer-Encoding:\u{b}chunked", "Transfer-Encoding: chunked;q=1", " Transfer-Encoding: chunked", "\tchunked",
        "X: a\nTransfer-Encoding: chunked", "X: a\rTransfer-Encoding: chunked", "X: a\0", "X\0: a", ": a", "X", "",
        "Host: y", "Host:", "host: y, z", "Connection: close", "Connection: keep-alive, close", "Connection: Upgrade",
        "Upgrade: h2c", "Expect: 200-ok", "Trailer: Content-Length", "Proxy-Connection: close", "X: \u{e9}",
    ]

    /// The request with this line among its own.
    private static func spliced(_ request: [UInt8], _ line: String, _ random: inout SeededGenerator) -> [UInt8] {
        let ends = request.indices.filter { request[$0] == 0x0a }
        guard let end = ends.dropLast().randomElement(using: &random) else { return request }
        return request[...end] + Array("\(line)\r\n".utf8) + request[(end + 1)...]
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}
