import NIOCore
import OstiaryCore
import Testing

@testable import OstiaryWire

@Suite struct RequestHeadTests {
    private static func head(_ text: String, limits: RequestHead.Limits = .init()) throws(HeadFault) -> RequestHead {
        try RequestHead(ByteBuffer(string: text), limits: limits)
    }

    @Test func readsWhatARequestSays() throws {
        let head = try Self.head(
            "POST /v1/chat/completions?a=b%20c HTTP/1.1\r\nHOST: gate.example:8080\r\nContent-LENGTH: \t12 \r\n"
                + "Expect: 100-Continue\r\nAccept:a\r\nX-Other: \u{e9}\r\n\r\n"
        )
        #expect(head.method == .post)
        #expect(head.path == "/v1/chat/completions")
        #expect(String(decoding: head.query, as: UTF8.self) == "a=b%20c")
        #expect(head.framing == .length(12))
        #expect(head.expectsContinue)
        #expect(head.keepsConnection)
        #expect(!head.isHTTP10)
        #expect(head.value(.host).map { String(decoding: $0, as: UTF8.self) } == "gate.example:8080")
        #expect(head.value(.accept) == Array("a".utf8))
        #expect(head.value(.cookie) == nil)
    }

    @Test(arguments: [
        ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("PATCH", .patch), ("DELETE", .delete),
        ("OPTIONS", .options), ("get", .other), ("TRACE", .other), ("GETT", .other),
    ])
    func readsTheMethod(_ text: String, _ method: OstiaryCore.Method) throws {
        let head = try Self.head("\(text) / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(head.method == method)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", true), ("GET / HTTP/1.0\r\nHost: x\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: a , CLOSE,\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection:\r\n\r\n", true),
    ])
    func knowsWhetherTheConnectionIsKept(_ text: String, _ keeps: Bool) throws {
        let head = try Self.head(text)
        #expect(head.keepsConnection == keeps)
    }

    // SEC-101, SEC-103, SEC-108
    @Test(arguments: [
        "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
        "GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / http/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1\r\nHost: x\r\n\r\n", " / HTTP/1.1\r\nHost: x\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: x\r\n\r\n", "GET /\r\nHost: x\r\n\r\n", "GET HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n: v\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{0}\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{7f}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func refusesWhatCanBeReadInTwoWays(_ text: String) {
        #expect(throws: HeadFault.malformed("")) { _ = try Self.head(text) }
    }

    @Test func tellsOtherFaultsApart() {
        #expect(throws: HeadFault.unknownVersion) { _ = try Self.head("GET / HTTP/2.0\r\nHost: x\r\n\r\n") }
        #expect(throws: HeadFault.unknownVersion) { _ = try Self.head("GET / HTTP/1.2\r\nHost: x\r\n\r\n") }
        #expect(throws: HeadFault.unknownExpectation) {
            _ = try Self.head("GET / HTTP/1.1\r\nHost: x\r\nExpect: a\r\n\r\n")
        }
        #expect(throws: HeadFault.unknownCoding) {
            _ = try Self.head("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n")
        }
        var limits = RequestHead.Limits()
        limits.target = 10
        limits.fields = 2
        #expect(throws: HeadFault.targetTooLong) {
            _ = try Self.head("GET /1234567890 HTTP/1.1\r\nHost: x\r\n\r\n", limits: limits)
        }
        #expect(throws: HeadFault.tooManyFields) {
            _ = try Self.head("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\nC: d\r\n\r\n", limits: limits)
        }
    }

    // SEC-108
    /// Each field that decides something occurs once: neither joined, nor the first or the last of two, in any case.
    @Test func everyFieldThatDecidesOccursOnce() throws {
        let singular = FieldName.allCases.filter(\.isSingular)
        #expect(singular.count >= 12)
        for name in [.authorization, .apiKey, .contentType, .contentEncoding, .idempotencyKey, .host] as [FieldName] {
            #expect(singular.contains(name))
        }
        let values: [FieldName: String] = [
            .host: "x", .contentLength: "0", .transferEncoding: "chunked", .expect: "100-continue",
        ]
        for name in FieldName.allCases where name != .other {
            let value = values[name] ?? "a"
            let host = name == .host ? "" : "Host: x\r\n"
            let first = "\(name.text): \(value)\r\n"
            let second = "\("\(name.text)".uppercased()):\(value)\r\n"
            #expect(throws: Never.self, "\(name)") { _ = try Self.head("GET / HTTP/1.1\r\n\(host)\(first)\r\n") }
            let twice = "GET / HTTP/1.1\r\n\(host)\(first)A: b\r\n\(second)\r\n"
            if name.isSingular {
                #expect(throws: HeadFault.self, "\(name)") { _ = try Self.head(twice) }
            } else {
                #expect(throws: Never.self, "\(name)") { _ = try Self.head(twice) }
            }
        }
    }

    // SEC-001
    /// No prefix and no single changed byte of a good head may trap.
    @Test func trapsOnNothing() {
        let good = Array(
            "POST /a%20b;c?d HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 3\r\nConnection: a,b\r\n\r\n".utf8
        )
        for index in good.indices {
            _ = try? RequestHead(ByteBuffer(bytes: good[..<index]), limits: .init())
            for octet in [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x25, 0x2c, 0x3a, 0x5b, 0x5d, 0xff] as [UInt8] {
                var changed = good
                changed[index] = octet
                _ = try? RequestHead(ByteBuffer(bytes: changed), limits: .init())
            }
        }
    }

    @Test(arguments: [
        ("0", true), ("7", true), ("007", true), ("999999999999999999", true), ("9999999999999999999", false),
        ("", false),
        ("+1", false), ("-1", false), ("1 1", false), ("1,1", false), ("0x1", false), ("1_0", false),
        ("\u{a0}1", false),
    ])
    func readsALength(_ value: String, _ isValid: Bool) {
        let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(value)\r\n\r\n"
        #expect(((try? Self.head(text)) != nil) == isValid)
    }

    @Test(arguments: ["chunked", "CHUNKED", "\tchunked "])
    func readsChunked(_ value: String) throws {
        let head = try Self.head("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\(value)\r\n\r\n")
        #expect(head.framing == .chunked)
    }

    @Test(arguments: [
        "chunked, chunked", "gzip, chunked", "identity", "", "chunked;q=1", "\"chunked\"", "xchunked", "chunked,",
    ])
    func refusesOtherCodings(_ value: String) {
        #expect(throws: HeadFault.unknownCoding) {
            _ = try Self.head("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \(value)\r\n\r\n")
        }
    }
}
