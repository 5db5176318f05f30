import NIOCore
import OstiaryCore
import Testing

@testable import OstiaryModels

// SEC-506
@Suite struct ErrorSayingTests {
    private static func said(_ body: String, _ type: String?, isWhole: Bool = true) -> (String, String?) {
        let said = ErrorSaying(
            ByteBuffer(string: body),
            isWhole: isWhole,
            type: type.map { ByteBuffer(string: $0) },
            status: 503,
            for: .openAI
        )
        return (String(buffer: said.body), said.type.map { String(buffer: $0) })
    }

    private static let unsaid =
        #"{"error":{"message":"The provider answered with status 503","type":"server_error","code":"upstream_error","param":null}}"#

    @Test(arguments: [
        (#"{"error":{"message":"no"}}"#, "application/json"), ("{ \"a\" : 1.50 }\n", "application/problem+json"),
        ("upstream connect error", "text/plain; charset=utf-8"), ("", "application/json"), ("", nil),
        ("plain words", nil),
    ])
    func passesWhatIsShortAndClean(_ body: String, _ type: String?) {
        let (text, shown) = Self.said(body, type)
        #expect(text == body)
        #expect(shown == type)
    }

    @Test(arguments: [
        ("<html><body>secret page</body></html>", "text/html", true), ("<!DOCTYPE html>", nil, true),
        ("words", "text/html; charset=utf-8", true), ("  <html>", "text/plain", true),
        ("no json", "application/json", true),
        (#"{"a":1,"a":2}"#, "application/json", true), (#"{"error":{"message":"half"#, "application/json", false),
        (#"{"error":{}}"#, "application/json", false),
    ])
    func replacesPagesAndWhatIsNoDocument(_ body: String, _ type: String?, _ isWhole: Bool) {
        let (text, shown) = Self.said(body, type, isWhole: isWhole)
        #expect(text == Self.unsaid)
        #expect(shown == "application/json")
    }

    @Test func guessesThatBracesAreJSON() {
        let (text, type) = Self.said(#"{"error":"https://a:b@c/"}"#, nil)
        #expect(text == #"{"error":"https://[redacted]@c/"}"#)
        #expect(type == "application/json")
    }

    @Test func cutsALongText() {
        let (text, _) = Self.said(String(repeating: "x", count: 3000), "text/plain")
        #expect(text.utf8.count == 2048)
    }

    @Test func keepsTheBeginningOfALongText() {
        let text = ByteBuffer(string: String(repeating: "x", count: 3000))
        #expect(ErrorSaying.beginning(of: text, 2048).readableBytes == 2048)
        #expect(ErrorSaying.beginning(of: text, 3000) == text)
    }

    @Test func cutsNoCharacterInTwo() {
        let text = ByteBuffer(string: "añ€😀z")
        let kept = (0...11).map { String(buffer: ErrorSaying.beginning(of: text, $0)) }
        #expect(
            kept == ["", "a", "a", "añ", "añ", "añ", "añ€", "añ€", "añ€", "añ€", "añ€😀", "añ€😀z"]
        )
    }
}
