import OstiaryTesting
import Testing

@testable import OstiaryWire

// SEC-101, SEC-003
/// Two readers of one request: the gate's and llhttp. Where they disagreed, one of two programs in a row could be led
/// astray.
@Suite struct LLHTTPTests {
    @Test func bothReadLegalRequestsTheSame() {
        var requests = LegalRequests(seed: 1)
        var listed: [LLHTTP.Difference: Int] = [:]
        for number in 0..<4000 {
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

    @Test func whatIsAcceptedHereMeansTheSameThere() {
        var requests = LegalRequests(seed: 2)
        var random = SeededGenerator(seed: 3)
        let alphabet = Array("\r\n\t :;,/?#%\\\0.@[]{}\"0aZ\u{7f}".utf8)
        var accepted = 0
        for number in 0..<8000 {
            var request = requests.next()
            for _ in 0..<Int.random(in: 1...3, using: &random) { request = random.damaged(request, with: alphabet) }
            switch LLHTTP.compare(request) {
            case .same, .listed: accepted += 1
            case .refused: break
            case .different(let why): Issue.record("request \(number): \(why): \(text(request))")
            }
        }
        // Much of the damage lies where anything may stand; much of it does not.
        #expect((800...7200).contains(accepted))
    }

    @Test(
        arguments: [
            ("BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", LLHTTP.Verdict.listed(.unknownMethod)),
            ("CONNECT /x HTTP/1.1\r\nHost: x\r\n\r\n", .listed(.unknownMethod)),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", .listed(.upgrade)),
            ("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", .listed(.keptHTTP10)),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\t\r\n\r\n", .listed(.tabBehindFraming)),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\t\r\n\r\n", .listed(.tabBehindFraming)),
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

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}
